#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bunshin {

/// How a robot that takes lines of text talks: [robot] with protocol = "lines". The patterns are
/// regular expressions (RE2) for a whole line of what it says.
struct LinesProfile {
  enum class Checksum : std::uint8_t {
    none,
    marlin  ///< "N7 G28*22": a number, and the exclusive or of all bytes before the asterisk
  };

  std::string terminator = "\n";  ///< of what is sent; what is said ends with "\n"
  std::string ok = "ok";          ///< the oldest line that was sent has been carried out
  std::string error = "error.*";  ///< and has not
  std::string busy;               ///< it is still at it; empty: it never says so
  std::string greeting;           ///< it was reset, and knows of no line; empty: the same
  std::string resend;             ///< group 1 is the number of the line that came damaged
  std::chrono::milliseconds timeout{10'000};  ///< from a line, or a busy, to its answer
  std::size_t window = 1;                     ///< lines that may be on their way, 1 to 16
  std::string stop;  ///< bytes that overtake everything, without a terminator
  Checksum checksum = Checksum::none;
  bool operator==(const LinesProfile&) const = default;
};

/// Those that are shipped: "grbl" (1.1), "marlin", "arduino", which answers "OK" or "ERROR".
std::optional<LinesProfile> lines_profile(std::string_view name);

/// Why a robot of this profile would not take `line` as one command, as the end of a sentence, or
/// nothing.
std::optional<std::string> validate_line(const LinesProfile& profile, std::string_view line);

/// The line as it is sent, with its number and checksum where the profile has them.
std::string framed_line(const LinesProfile& profile, std::string_view line, std::uint32_t number);

}  // namespace bunshin
