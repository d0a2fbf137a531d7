#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bunshin {

/// U+FFFD, which stands for a byte that could not be read.
inline constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// Whether a character of UTF-8 has a counterpart in `encoding`, a name iconv knows; false for one
/// it does not know.
bool can_encode(std::string_view character, const std::string& encoding);

/// Turns blocks in the engine's encoding into UTF-8, by iconv(3). UTF-8 itself is checked too:
/// whatever comes out is valid. Every block starts anew, nothing is carried from one to the next.
/// Owned by whoever decodes; one thread at a time.
class TextDecoder {
 public:
  struct Result {
    std::string text;
    std::size_t replaced = 0;  // bytes that are not of the encoding: U+FFFD stands for each
  };

  /// encoding: any name iconv knows ("UTF-8", "EUC-JP", "Shift_JIS"). Throws std::invalid_argument
  /// for an unknown one, and for one like UTF-16 in which the "." lines of the engine, looked for
  /// before decoding, are not ASCII.
  explicit TextDecoder(const std::string& encoding);
  ~TextDecoder();
  TextDecoder(const TextDecoder&) = delete;
  TextDecoder& operator=(const TextDecoder&) = delete;

  /// Never fails: what is not of the encoding costs a character and not the block.
  Result decode(std::string_view bytes);

 private:
  void* conversion_;  // an iconv_t; <iconv.h> stays in the .cpp
};

}  // namespace bunshin
