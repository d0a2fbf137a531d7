// [robot] with protocol = "lines".
#include <fmt/format.h>

#include <array>

#include "bridge/config_readers.h"

namespace bunshin {
namespace {

struct Terminator {
  std::string_view name;
  std::string_view bytes;
};

constexpr std::array kTerminators = {Terminator{"lf", "\n"}, Terminator{"cr", "\r"},
                                     Terminator{"crlf", "\r\n"}};

void read_pattern(const ConfigSection& section, std::string_view key, std::string& pattern) {
  const auto text = section.text(key);
  if (!text) return;
  if (const auto problem = pattern_problem(*text)) {
    section.fail(key, fmt::format("no regular expression: {}", *problem));
  }
  pattern = *text;
}

void read_terminator(const ConfigSection& section, LinesProfile& profile) {
  const auto name = section.text("terminator");
  if (!name) return;
  for (const Terminator& known : kTerminators) {
    if (*name != known.name) continue;
    profile.terminator = known.bytes;
    return;
  }
  section.fail("terminator", fmt::format("\"{}\" should be \"lf\", \"cr\" or \"crlf\"", *name));
}

void read_window(const ConfigSection& section, LinesProfile& profile) {
  const auto window = section.integer("window");
  if (!window) return;
  if (*window < 1 || *window > 16) section.fail("window", "it is from 1 to 16");
  profile.window = static_cast<std::size_t>(*window);
}

void read_checksum(const ConfigSection& section, LinesProfile& profile) {
  const auto name = section.text("checksum");
  if (!name) return;
  if (*name != "none" && *name != "marlin") {
    section.fail("checksum", fmt::format("\"{}\" should be \"none\" or \"marlin\"", *name));
  }
  profile.checksum =
      *name == "marlin" ? LinesProfile::Checksum::marlin : LinesProfile::Checksum::none;
}

/// Group 1 is the number.
void read_resend(const ConfigSection& section, LinesProfile& profile) {
  read_pattern(section, "resend", profile.resend);
  if (profile.resend.empty()) return;
  const Rule group{{}, "{1}", std::nullopt, profile.resend};
  if (captures_problem(group)) section.fail("resend", "its first group should be the number");
}

}  // namespace

LinesProfile read_lines_profile(const ConfigSection& section) {
  LinesProfile profile;
  if (const auto name = section.text("profile")) {
    const auto shipped = lines_profile(*name);
    if (!shipped) {
      section.fail("profile",
                   fmt::format("\"{}\" should be \"grbl\", \"marlin\" or \"arduino\"", *name));
    }
    profile = *shipped;
  }
  read_terminator(section, profile);
  read_pattern(section, "ok", profile.ok);
  if (profile.ok.empty()) section.fail("ok", "it is empty: no line would ever be carried out");
  read_pattern(section, "error", profile.error);
  read_pattern(section, "busy", profile.busy);
  read_pattern(section, "greeting", profile.greeting);
  read_resend(section, profile);
  profile.timeout = section.duration("timeout").value_or(profile.timeout);
  if (profile.timeout < std::chrono::milliseconds(10)) {
    section.fail("timeout", "it should be \"10ms\" or more");
  }
  read_window(section, profile);
  profile.stop = section.text("stop").value_or(profile.stop);
  read_checksum(section, profile);
  return profile;
}

std::string not_understood(const RobotProtocol& protocol, std::string_view command,
                           std::string_view problem) {
  return fmt::format("{} would not understand \"{}\": {}", protocol ? "the robot" : "Rapiro",
                     command, problem);
}

}  // namespace bunshin
