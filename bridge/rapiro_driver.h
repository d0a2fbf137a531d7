#pragma once

#include <string>

#include "bridge/rapiro_queue.h"
#include "bridge/serial_port.h"

namespace bunshin {

/// A Rapiro on a serial line: the queue of commands with a line and a clock. Commands are kept
/// while the line is away, those that are too old when it returns are dropped. Owned by its
/// reactor, in whose thread all members are called; `observer` must outlive it.
class RapiroDriver : public SerialPort {
 public:
  RapiroDriver(Reactor& reactor, SerialConfig line, RobotObserver& observer,
               RapiroQueue::Limits limits = {}, Backoff::Limits retry = kRetryLimits);
  ~RapiroDriver() override;

  /// Brings the robot to do it, after what was said before; see RapiroQueue::command.
  void command(std::string text);
  /// Whether every command was answered or given up.
  [[nodiscard]] bool idle() const { return queue_.idle(); }
  [[nodiscard]] std::size_t waiting() const { return queue_.waiting(); }
  /// For what is said and what happens from now on.
  void set_limits(const RapiroQueue::Limits& limits) { queue_.set_limits(limits); }

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

  RobotObserver& observer_;
  RapiroQueue queue_;
  Timer timer_{*this, &RapiroDriver::time_passed};
  bool finishing_ = false;
};

}  // namespace bunshin
