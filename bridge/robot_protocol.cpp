#include "bridge/robot_protocol.h"

#include "bridge/lines_queue.h"
#include "bridge/rapiro_protocol.h"
#include "bridge/rapiro_queue.h"

namespace bunshin {

CommandCheck command_check(const RobotProtocol& protocol) {
  if (!protocol) return validate_command;
  return [profile = *protocol](std::string_view line) { return validate_line(profile, line); };
}

std::unique_ptr<CommandQueue> make_command_queue(const RobotProtocol& protocol,
                                                 const CommandQueue::Habits& habits,
                                                 RobotObserver& observer) {
  std::unique_ptr<CommandQueue> queue;
  if (protocol) {
    queue = std::make_unique<LinesQueue>(observer, *protocol, LinesQueue::Limits());
  } else {
    queue = std::make_unique<RapiroQueue>(observer);
  }
  queue->set_habits(habits);
  return queue;
}

}  // namespace bunshin
