#pragma once

#include <string>

#include "bridge/rapiro_firmware.h"
#include "bridge/rules.h"

namespace bunshin {

// What the commands around the bridge tell a person, each in part of a line.

/// What was heard with which confidence, and what the rules make of it.
std::string decision_text(const Decision& decision);

/// The robot: its eyes, in colour for terminals that can show any colour (`colour`), and what it
/// does.
std::string robot_text(const RapiroView& robot, bool colour);

}  // namespace bunshin
