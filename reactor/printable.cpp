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

// Bytes of the printable character `text` begins with, 0 if there is none. U+0080 to U+009F are
// control characters too: a terminal may obey them.
std::size_t character_at(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = length_by_lead(lead);
  if (length == 0 || length > text.size() || lead < ' ' || lead == 0x7f) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  if (lead == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) return 0;
  return length;
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = character_at(text);
    const std::string_view shown = length > 0 ? text.substr(0, length) : std::string_view("?");
    if (result.size() + shown.size() > limit) return result + "...";
    result += shown;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

}  // namespace bunshin
