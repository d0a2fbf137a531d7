#include "bridge/robot_driver.h"

#include <utility>

#include "reactor/log.h"

namespace bunshin {

RobotDriver::RobotDriver(Reactor& reactor, SerialConfig line, std::unique_ptr<CommandQueue> queue,
                         RobotObserver& observer, Backoff::Limits retry)
    : SerialPort(reactor, std::move(line), retry), queue_(std::move(queue)), observer_(observer) {}

RobotDriver::~RobotDriver() {
  if (queue_->waiting() > 0) {
    log(LogLevel::warning, "{} commands were not carried out by the robot", queue_->waiting());
  }
}

void RobotDriver::command(std::string text) {
  queue_->command(std::move(text), reactor().now());
  go_on();
}

void RobotDriver::handle_opened() {
  observer_.line_opened();
  queue_->opened(reactor().now());
  go_on();
}

void RobotDriver::handle_received(std::string_view bytes) {
  queue_->received(bytes, reactor().now());
  go_on();
}

void RobotDriver::handle_hung_up() {
  observer_.line_lost();
  queue_->closed();
  go_on();
}

void RobotDriver::handle_write() {
  SerialPort::handle_write();
  go_on();
}

void RobotDriver::handle_finish() {
  finishing_ = true;
  go_on();
}

/// After everything that may have changed the queue: writes what it has to say, one command at a
/// time, and arms its timer.
void RobotDriver::go_on() {
  if (closed()) return;
  if (is_open() && buffered() == 0) {
    if (const auto output = queue_->take_output()) send(*output);
  }
  arm_timer();
  if (!finishing_ || (is_open() && !queue_->idle())) return;
  finishing_ = false;  // once
  SerialPort::handle_finish();
}

void RobotDriver::arm_timer() {
  if (const auto deadline = queue_->next_deadline()) {
    timer_.arm(*deadline - reactor().now());
  } else {
    timer_.cancel();
  }
}

void RobotDriver::time_passed() {
  queue_->tick(reactor().now());
  go_on();
}

}  // namespace bunshin
