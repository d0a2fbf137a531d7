#include "reactor/printable.h"

#include <algorithm>

namespace bunshin {
namespace {

std::size_t length_by_lead(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

/// Whether the second byte makes a character that its lead may begin: none that is written longer
/// than it must be, which a careless terminal would take for a control character; no surrogate.
bool fits(unsigned char lead, unsigned char second) {
  switch (lead) {
    case 0xe0:
      return second >= 0xa0;
    case 0xed:
      return second < 0xa0;
    case 0xf0:
      return second >= 0x90;
    case 0xf4:
      return second < 0x90;
    default:
      return true;
  }
}

bool is_control(char letter) {
  return static_cast<unsigned char>(letter) < ' ' || letter == '\x7f';
}

/// Bytes of the printable character `text` begins with, 0 if there is none.
std::size_t character_at(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = length_by_lead(lead);
  if (length == 0 || length > text.size() || is_control(text.front())) return 0;
  if (length == 1) return 1;
  const std::string_view rest = text.substr(1, length - 1);
  const auto second = static_cast<unsigned char>(rest.front());
  if (!std::all_of(rest.begin(), rest.end(), continues) || !fits(lead, second)) return 0;
  return lead == 0xc2 && second < 0xa0 ? 0 : length;
}

/// How what is not printable is shown, and how many bytes of `text` that stands for.
std::string substitute(std::string_view text, std::size_t& length) {
  length = text.size() > 1 && text[0] == '\xc2' && continues(text[1]) ? 2 : 1;
  if (!is_control(text.front())) return "?";
  return {'^', static_cast<char>(text.front() ^ 0x40)};
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit, std::string_view kept) {
  std::string result;
  while (!text.empty()) {
    std::size_t length = kept.find(text.front()) != kept.npos ? 1 : character_at(text);
    const std::string shown =
        length > 0 ? std::string(text.substr(0, length)) : substitute(text, length);
    if (shown.size() > limit - result.size()) return result + "...";
    result += shown;
    text.remove_prefix(length);
  }
  return result;
}

std::size_t whole_characters(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const std::size_t start = text.size() - back;
    if (continues(text[start])) continue;
    return length_by_lead(static_cast<unsigned char>(text[start])) > back ? start : text.size();
  }
  return text.size();
}

}  // namespace bunshin
