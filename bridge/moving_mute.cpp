#include "bridge/moving_mute.h"

namespace bunshin {
namespace {

/// #M0 loops a frame of one second in which nothing moves but for the first time.
constexpr int kLooksUntilStopped = std::chrono::milliseconds(1000) / MovingMute::kPoll;

}  // namespace

/// REQUIRES: "#QM6T005" or "#QPT007".
bool MovingMute::has_stopped(std::string_view status) const {
  if (status.substr(0, 4) == "#QM0") return looks_ >= kLooksUntilStopped;
  return status == "#QPT000";
}

bool MovingMute::ended(std::string_view command) {
  return ours(command) && std::exchange(looking_, false);
}

void MovingMute::sent(std::string_view command) {
  if (!ours(command)) next_.sent(command);
}

void MovingMute::answered(std::string_view command, std::string_view reply) {
  if (!ended(command)) return next_.answered(command, reply);
  ++looks_;
  if (has_stopped(reply)) moving_ = false;
}

void MovingMute::retrying(std::string_view command, std::string_view reason) {
  if (!ours(command)) next_.retrying(command, reason);
}

void MovingMute::gave_up(std::string_view command, std::string_view reason) {
  if (!ended(command)) next_.gave_up(command, reason);
}

void MovingMute::dropped(std::string_view command, std::string_view reason) {
  if (!ended(command)) next_.dropped(command, reason);
}

void MovingMute::refused(std::string_view command, std::string_view reason) {
  if (!ended(command)) next_.refused(command, reason);
}

}  // namespace bunshin
