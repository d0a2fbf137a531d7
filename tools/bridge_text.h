#pragma once

#include <string>

#include "bridge/rapiro_firmware.h"
#include "bridge/rules.h"
#include "reactor/timers.h"
#include "tools/terminal.h"

namespace bunshin {

// What the commands around the bridge tell a person, each in part of a line.

/// What was heard with which confidence, and what the rules make of it.
std::string decision_text(const Decision& decision);

/// The robot: its eyes, in such colours as the terminal has, and what it does.
std::string robot_text(const RapiroView& robot, Colours colours);

/// Tells when a robot that is looked at again and again has something new to show: it does
/// something else, or its eyes have reached another colour.
class RobotChanges {
 public:
  /// `nearly`: a fade that is so near its end counts as over.
  bool notice(const RapiroView& robot, Duration nearly);

 private:
  std::string shown_;
};

}  // namespace bunshin
