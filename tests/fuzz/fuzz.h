#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace bunshin::fuzzing {

/// What one run is made of: numbers from the front of the bytes libFuzzer gives, then the rest.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : bytes_(reinterpret_cast<const char*>(data), size) {}

  /// The next byte, 0 at the end.
  std::uint8_t number();
  /// The next `size` bytes, or fewer at the end.
  std::string_view take(std::size_t size);
  std::string_view rest() { return take(bytes_.size()); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

/// Ends the run as a crash that says `what` does not hold.
void require(bool holds, const char* what);

/// RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// Calls `take` with pieces of 1 to 32 bytes that make up `text`; `seed` decides where it is cut.
void in_pieces(std::string_view text, std::uint8_t seed,
               const std::function<void(std::string_view)>& take);

}  // namespace bunshin::fuzzing
