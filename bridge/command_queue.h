#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace bunshin {

/// Brings commands to a robot in order and judges its replies; does no I/O and looks at no clock.
/// Every command ends in exactly one of RobotObserver's answered(), gave_up(), dropped() and
/// refused(). Owned by the driver of one line, which calls tick() at next_deadline() and takes the
/// output whenever the line has room.
class CommandQueue {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// What a configuration may say of any queue.
  struct Habits {
    /// A robot that catches up on a minute of turns hurts itself: what has waited for longer when
    /// the robot can be had again is dropped.
    std::chrono::milliseconds max_age{3000};
    /// A newer command replaces one that waits, where that makes no difference in the end.
    bool coalesce = true;
  };

  CommandQueue() = default;
  virtual ~CommandQueue() = default;
  CommandQueue(const CommandQueue&) = delete;
  CommandQueue& operator=(const CommandQueue&) = delete;

  /// Refuses what the robot would not understand: nothing partial reaches the line.
  virtual void command(std::string text, TimePoint now) = 0;

  virtual void opened(TimePoint now) = 0;
  virtual void closed() = 0;
  virtual void received(std::string_view bytes, TimePoint now) = 0;
  virtual void tick(TimePoint now) = 0;

  /// What is to be written now: always whole commands.
  virtual std::optional<std::string> take_output() = 0;
  [[nodiscard]] virtual std::optional<TimePoint> next_deadline() const = 0;

  virtual void set_habits(const Habits& habits) = 0;

  /// Commands that have not ended.
  [[nodiscard]] virtual std::size_t waiting() const = 0;
  [[nodiscard]] bool idle() const { return waiting() == 0; }
};

}  // namespace bunshin
