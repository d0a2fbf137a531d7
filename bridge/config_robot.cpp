#include <fmt/format.h>

#include "bridge/config_readers.h"
#include "bridge/rapiro_protocol.h"

namespace bunshin {
namespace {

OnSilence read_on_silence(const ConfigSection& section) {
  section.allow_only({"after", "send"});
  const auto after = section.duration("after");
  const auto send = section.text("send");
  if (!after) section.fail("after", "missing: how long the engine may be silent");
  if (!send) section.fail("send", "missing: the command to send then");
  if (*after < std::chrono::seconds(1)) section.fail("after", "it should be a second or more");
  if (const auto problem = validate_command(*send)) {
    section.fail("send", fmt::format("Rapiro would not understand \"{}\": {}", *send, *problem));
  }
  return {*after, *send};
}

}  // namespace

void read_robot_section(const ConfigSection& section, BridgeConfig& config) {
  section.allow_only({"max_age", "coalesce", "mute_while_moving", "mute_at_most", "on_silence"});
  RobotConfig& robot = config.robot;
  robot.max_age = section.duration("max_age").value_or(robot.max_age);
  robot.coalesce = section.flag("coalesce").value_or(robot.coalesce);
  robot.mute_while_moving = section.flag("mute_while_moving").value_or(robot.mute_while_moving);
  robot.mute_at_most = section.duration("mute_at_most").value_or(robot.mute_at_most);
  if (robot.mute_at_most < std::chrono::milliseconds(500)) {
    section.fail("mute_at_most", "it should be \"500ms\" or more");
  }
  if (const auto silence = section.table("on_silence")) {
    robot.on_silence = read_on_silence(*silence);
  }
}

}  // namespace bunshin
