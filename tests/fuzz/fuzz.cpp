#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace bunshin::fuzzing {
namespace {

/// Bytes of the character `text` begins with, 0 if that is none.
std::size_t character_at(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (at(0) < 0x80) return 1;
  const std::size_t length = at(0) >= 0xf0 ? 4 : at(0) >= 0xe0 ? 3 : 2;
  if (at(0) < 0xc2 || at(0) > 0xf4 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (at(0) == 0xe0 && at(1) < 0xa0) || (at(0) == 0xf0 && at(1) < 0x90);
  const bool beyond = (at(0) == 0xed && at(1) >= 0xa0) || (at(0) == 0xf4 && at(1) >= 0x90);
  return overlong || beyond ? 0 : length;
}

}  // namespace

std::uint8_t Input::number() {
  const std::string_view byte = take(1);
  return byte.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(byte.front());
}

std::string_view Input::take(std::size_t size) {
  const std::string_view taken = bytes_.substr(0, size);
  bytes_.remove_prefix(taken.size());
  return taken;
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = character_at(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void in_pieces(std::string_view text, std::uint8_t seed,
               const std::function<void(std::string_view)>& take) {
  std::uint32_t state = seed;
  while (!text.empty()) {
    state = state * 1664525 + 1013904223;
    const std::size_t size = std::min<std::size_t>(text.size(), 1 + (state >> 27));
    take(text.substr(0, size));
    text.remove_prefix(size);
  }
}

}  // namespace bunshin::fuzzing
