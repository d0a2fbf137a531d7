#pragma once

#include <memory>
#include <string>

#include "bridge/command_queue.h"
#include "bridge/robot_observer.h"
#include "bridge/serial_port.h"

namespace bunshin {

/// A robot on a serial line: a queue of commands with a line and a clock. Owned by its reactor, in
/// whose thread all members are called; `observer` must outlive it.
class RobotDriver : public SerialPort {
 public:
  RobotDriver(Reactor& reactor, SerialConfig line, std::unique_ptr<CommandQueue> queue,
              RobotObserver& observer, Backoff::Limits retry = kRetryLimits);
  ~RobotDriver() override;

  /// Brings the robot to do it, after what was said before; see CommandQueue::command.
  void command(std::string text);
  /// Whether every command was answered or given up.
  [[nodiscard]] bool idle() const { return queue_->idle(); }
  [[nodiscard]] std::size_t waiting() const { return queue_->waiting(); }
  /// For what is said and what happens from now on.
  void set_habits(const CommandQueue::Habits& habits) { queue_->set_habits(habits); }

  void handle_write() override;
  /// Closes when the robot has answered everything.
  void handle_finish() override;

 protected:
  void handle_opened() override;
  void handle_received(std::string_view bytes) override;
  void handle_hung_up() override;

 private:
  void go_on();
  void arm_timer();
  void time_passed();

  const std::unique_ptr<CommandQueue> queue_;
  RobotObserver& observer_;
  Timer timer_{*this, &RobotDriver::time_passed};
  bool finishing_ = false;
};

}  // namespace bunshin
