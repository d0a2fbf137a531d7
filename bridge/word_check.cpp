#include "bridge/word_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bridge/text_decoder.h"

namespace bunshin {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

/// Unicode 15, chapter 23.2 and the blocks of combining marks.
constexpr std::array kCombining = {Range{0x0300, 0x036f}, Range{0x1ab0, 0x1aff},
                                   Range{0x1dc0, 0x1dff}, Range{0x20d0, 0x20ff},
                                   Range{0x3099, 0x309a}, Range{0xfe20, 0xfe2f}};
constexpr std::array kInvisible = {
    Range{0x00a0, 0x00a0}, Range{0x00ad, 0x00ad}, Range{0x034f, 0x034f}, Range{0x061c, 0x061c},
    Range{0x180b, 0x180f}, Range{0x200b, 0x200f}, Range{0x202a, 0x202e}, Range{0x2060, 0x206f},
    Range{0x3164, 0x3164}, Range{0xfe00, 0xfe0f}, Range{0xfeff, 0xfeff}, Range{0xe0000, 0xe0fff}};
constexpr std::array kHalfWidthKana = {Range{0xff61, 0xff9f}};
constexpr std::array kJapanese = {Range{0x3040, 0x30ff}, Range{0x3400, 0x4dbf},
                                  Range{0x4e00, 0x9fff}, Range{0xf900, 0xfaff}};
constexpr std::array kLatin = {Range{'0', '9'}, Range{'A', 'Z'}, Range{'a', 'z'}};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t character) {
  return std::any_of(ranges.begin(), ranges.end(), [character](const Range& range) {
    return range.first <= character && character <= range.last;
  });
}

/// One character, and its bytes. REQUIRES: valid UTF-8.
struct Character {
  char32_t code;
  std::string_view bytes;
};

std::vector<Character> characters_of(std::string_view text) {
  std::vector<Character> all;
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const std::string_view bytes = text.substr(0, size);
    char32_t code = size == 1 ? lead : lead & (0xffU >> (size + 1));
    for (const char c : bytes.substr(1))
      code = (code << 6) | (static_cast<unsigned char>(c) & 0x3f);
    all.push_back({code, bytes});
    text.remove_prefix(bytes.size());
  }
  return all;
}

std::string named(const Character& character) {
  return fmt::format("U+{:04X}", static_cast<std::uint32_t>(character.code));
}

std::string foreign(const Character& character, const std::string& encoding) {
  return fmt::format(
      "\"{}\" ({}) is no character of {}{}", character.bytes, named(character), encoding,
      can_encode(character.bytes, "CP932") ? ": \"CP932\" has it, if the dictionary is of Windows"
                                           : "");
}

}  // namespace

std::vector<std::string> doubts_about(std::string_view words, const std::string& encoding) {
  std::vector<std::string> doubts;
  const std::vector<Character> characters = characters_of(words);
  const bool japanese = std::any_of(characters.begin(), characters.end(),
                                    [](const Character& c) { return is_in(kJapanese, c.code); });
  const auto doubt = [&doubts](std::string text) {
    if (std::find(doubts.begin(), doubts.end(), text) == doubts.end()) {
      doubts.push_back(std::move(text));
    }
  };
  for (const Character& character : characters) {
    if (is_in(kCombining, character.code)) {
      doubt(
          fmt::format("{} is a combining character: a letter and its mark are two characters, "
                      "where a dictionary has one",
                      named(character)));
    } else if (is_in(kInvisible, character.code)) {
      doubt(fmt::format("{} can not be seen", named(character)));
    } else if (is_in(kHalfWidthKana, character.code)) {
      doubt(fmt::format("\"{}\" is a half-width kana", character.bytes));
    } else if (japanese && is_in(kLatin, character.code)) {
      doubt(
          "its Latin letters or digits are half-width, among Japanese: dictionaries mostly have "
          "full-width ones");
    } else if (!can_encode(character.bytes, encoding)) {
      doubt(foreign(character, encoding));
    }
  }
  return doubts;
}

}  // namespace bunshin
