#include "bridge/lines_profile.h"

#include <fmt/format.h>

namespace bunshin {
namespace {

/// GRBL's own buffer holds 80 bytes, Marlin's 96.
constexpr std::size_t kLongest = 80;

LinesProfile grbl() {
  LinesProfile profile;
  profile.ok = "ok";
  profile.error = "(?:error|ALARM):.*";
  profile.greeting = "Grbl .*";
  profile.stop = "!";
  return profile;
}

LinesProfile marlin() {
  LinesProfile profile;
  profile.ok = "ok.*";
  profile.error = "!!.*|Error:Printer halted.*";
  profile.busy = "(?:echo:)?busy:.*";
  profile.greeting = "start";
  profile.resend = "(?:Resend|rs):? ?N?(\\d+)";
  profile.checksum = LinesProfile::Checksum::marlin;
  return profile;
}

LinesProfile arduino() {
  LinesProfile profile;
  profile.ok = "OK.*";
  profile.error = "(?:ERR|ERROR).*";
  profile.timeout = std::chrono::seconds(2);
  return profile;
}

}  // namespace

std::optional<LinesProfile> lines_profile(std::string_view name) {
  if (name == "grbl") return grbl();
  if (name == "marlin") return marlin();
  if (name == "arduino") return arduino();
  return std::nullopt;
}

std::optional<std::string> validate_line(const LinesProfile& profile, std::string_view line) {
  if (line.empty()) return "it is empty";
  if (line == profile.stop) return std::nullopt;
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return "it holds a control character";
    if (static_cast<unsigned char>(c) >= 0x80) return "it is not plain ASCII";
  }
  if (line.size() > kLongest) return fmt::format("it has more than {} bytes", kLongest);
  if (!profile.stop.empty() && line.find(profile.stop) != std::string_view::npos) {
    return fmt::format("it holds \"{}\", which stops the robot wherever it stands", profile.stop);
  }
  const bool numbered = profile.checksum == LinesProfile::Checksum::marlin;
  if (numbered && line.find('*') != std::string_view::npos) return "it holds a '*'";
  return std::nullopt;
}

std::string framed_line(const LinesProfile& profile, std::string_view line, std::uint32_t number) {
  std::string text(line);
  if (profile.checksum == LinesProfile::Checksum::marlin) {
    text = fmt::format("N{} {}", number, line);
    unsigned char sum = 0;
    for (const char c : text) sum = static_cast<unsigned char>(sum ^ static_cast<unsigned char>(c));
    text += fmt::format("*{}", sum);
  }
  return text + profile.terminator;
}

}  // namespace bunshin
