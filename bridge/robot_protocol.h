#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/command_queue.h"
#include "bridge/lines_profile.h"
#include "bridge/robot_observer.h"

namespace bunshin {

/// How the robot talks: as a Rapiro, or in lines of a profile.
using RobotProtocol = std::optional<LinesProfile>;

/// Why the robot would not take a command, as the end of a sentence, or nothing.
using CommandCheck = std::function<std::optional<std::string>(std::string_view)>;
CommandCheck command_check(const RobotProtocol& protocol);

/// `observer` must outlive it.
std::unique_ptr<CommandQueue> make_command_queue(const RobotProtocol& protocol,
                                                 const CommandQueue::Habits& habits,
                                                 RobotObserver& observer);

}  // namespace bunshin
