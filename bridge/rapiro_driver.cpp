#include "bridge/rapiro_driver.h"

#include <utility>

#include "reactor/log.h"

namespace bunshin {

RapiroDriver::RapiroDriver(Reactor& reactor, SerialConfig line, RobotObserver& observer,
                           RapiroQueue::Limits limits, Backoff::Limits retry)
    : SerialPort(reactor, std::move(line), retry), observer_(observer), queue_(observer, limits) {}

RapiroDriver::~RapiroDriver() {
  if (queue_.waiting() > 0) {
    log(LogLevel::warning, "{} commands were not carried out by the robot", queue_.waiting());
  }
}

void RapiroDriver::command(std::string text) {
  queue_.command(std::move(text), reactor().now());
  go_on();
}

void RapiroDriver::handle_opened() {
  observer_.line_opened();
  queue_.opened(reactor().now());
  go_on();
}

void RapiroDriver::handle_received(std::string_view bytes) {
  queue_.received(bytes, reactor().now());
  go_on();
}

void RapiroDriver::handle_hung_up() {
  observer_.line_lost();
  queue_.closed();
  go_on();
}

void RapiroDriver::handle_write() {
  SerialPort::handle_write();
  go_on();
}

void RapiroDriver::handle_finish() {
  finishing_ = true;
  go_on();
}

/// After everything that may have changed the queue: writes what it has to say, one command at a
/// time, and arms its timer.
void RapiroDriver::go_on() {
  if (closed()) return;
  if (is_open() && buffered() == 0) {
    if (const auto output = queue_.take_output()) send(*output);
  }
  arm_timer();
  if (!finishing_ || (is_open() && !queue_.idle())) return;
  finishing_ = false;  // once
  SerialPort::handle_finish();
}

void RapiroDriver::arm_timer() {
  if (const auto deadline = queue_.next_deadline()) {
    timer_.arm(*deadline - reactor().now());
  } else {
    timer_.cancel();
  }
}

void RapiroDriver::time_passed() {
  queue_.tick(reactor().now());
  go_on();
}

}  // namespace bunshin
