#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace bunshin {

// Turns blocks in the engine's encoding into UTF-8, by iconv(3). UTF-8 itself is checked too:
// whatever comes out is valid. Every block starts anew, nothing is carried from one to the next.
// Owned by whoever decodes; one thread at a time.
class TextDecoder {
 public:
  struct Result {
    std::string text;                     // what was decoded before the error, if there is one
    std::optional<std::size_t> error_at;  // offset of the first byte that is not of the encoding
    bool ok() const { return !error_at; }
  };

  // encoding: any name iconv knows ("UTF-8", "EUC-JP", "Shift_JIS"). Throws std::invalid_argument
  // for an unknown one, and for one like UTF-16 in which the "." lines of the engine, looked for
  // before decoding, are not ASCII.
  explicit TextDecoder(const std::string& encoding);
  ~TextDecoder();
  TextDecoder(const TextDecoder&) = delete;
  TextDecoder& operator=(const TextDecoder&) = delete;

  Result decode(std::string_view bytes);

 private:
  void* conversion_;  // an iconv_t; <iconv.h> stays in the .cpp
};

}  // namespace bunshin
