#include <fmt/format.h>

#include <array>
#include <vector>

#include "bridge/config_readers.h"

namespace bunshin {
namespace {

constexpr std::array<std::string_view, 11> kLinesKeys = {
    "profile", "terminator", "ok",     "error", "busy",    "greeting",
    "resend",  "timeout",    "window", "stop",  "checksum"};

RobotProtocol read_protocol(const ConfigSection& section) {
  const std::string name = section.text("protocol").value_or("rapiro");
  if (name == "lines") return read_lines_profile(section);
  if (name != "rapiro") {
    section.fail("protocol", fmt::format("\"{}\" should be \"rapiro\" or \"lines\"", name));
  }
  for (const std::string_view key : kLinesKeys) {
    if (section.has(key)) section.fail(key, "it goes with protocol = \"lines\"");
  }
  return std::nullopt;
}

OnSilence read_on_silence(const ConfigSection& section, const RobotProtocol& protocol) {
  section.allow_only({"after", "send"});
  const auto after = section.duration("after");
  const auto send = section.text("send");
  if (!after) section.fail("after", "missing: how long the engine may be silent");
  if (!send) section.fail("send", "missing: the command to send then");
  if (*after < std::chrono::seconds(1)) section.fail("after", "it should be a second or more");
  if (const auto problem = command_check(protocol)(*send)) {
    section.fail("send", not_understood(protocol, *send, *problem));
  }
  return {*after, *send};
}

}  // namespace

void read_robot_section(const ConfigSection& section, BridgeConfig& config) {
  std::vector<std::string_view> known = {"protocol",          "max_age",      "coalesce",
                                         "mute_while_moving", "mute_at_most", "on_silence"};
  known.insert(known.end(), kLinesKeys.begin(), kLinesKeys.end());
  section.allow_only(known);
  RobotConfig& robot = config.robot;
  robot.lines = read_protocol(section);
  robot.max_age = section.duration("max_age").value_or(robot.max_age);
  robot.coalesce = section.flag("coalesce").value_or(robot.coalesce);
  robot.mute_while_moving = section.flag("mute_while_moving").value_or(robot.mute_while_moving);
  robot.mute_at_most = section.duration("mute_at_most").value_or(robot.mute_at_most);
  if (robot.mute_at_most < std::chrono::milliseconds(500)) {
    section.fail("mute_at_most", "it should be \"500ms\" or more");
  }
  if (const auto silence = section.table("on_silence")) {
    robot.on_silence = read_on_silence(*silence, robot.lines);
  }
}

}  // namespace bunshin
