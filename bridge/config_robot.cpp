#include "bridge/config_readers.h"

namespace bunshin {

void read_robot_section(const ConfigSection& section, BridgeConfig& config) {
  section.allow_only({"max_age", "coalesce"});
  RobotConfig& robot = config.robot;
  robot.max_age = section.duration("max_age").value_or(robot.max_age);
  robot.coalesce = section.flag("coalesce").value_or(robot.coalesce);
}

}  // namespace bunshin
