#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "bridge/command_queue.h"
#include "bridge/lines_profile.h"
#include "bridge/robot_observer.h"

namespace bunshin {

/// Brings lines to a robot that answers each with a line. At most LinesProfile::window of them are
/// on their way, and answers belong to them in order. A line that is answered by an error, or not
/// in time, is given up and never sent again: who moves twice may hurt itself. Only one that the
/// robot itself asks for again (Marlin's Resend) goes twice, which is told. The stop bytes are
/// written at once; whatever waited is dropped. `observer` must outlive the queue.
class LinesQueue : public CommandQueue {
 public:
  struct Limits {
    std::size_t waiting = 64;                 // commands; the newest beyond is refused
    std::chrono::milliseconds max_age{3000};  // see RapiroQueue::Limits
    std::chrono::milliseconds settle{100};    // silence before the first line, and after a failure
    int resends = 3;                          // of one line
  };

  /// Throws std::invalid_argument for a pattern that is none.
  LinesQueue(RobotObserver& observer, LinesProfile profile, Limits limits);
  ~LinesQueue() override;

  void command(std::string text, TimePoint now) override;
  void opened(TimePoint now) override;
  void closed() override;
  void received(std::string_view bytes, TimePoint now) override;
  void tick(TimePoint now) override;
  std::optional<std::string> take_output() override;
  [[nodiscard]] std::optional<TimePoint> next_deadline() const override;
  [[nodiscard]] std::size_t waiting() const override { return flying_.size() + waiting_.size(); }
  void set_habits(const Habits& habits) override { limits_.max_age = habits.max_age; }

 private:
  struct Command {
    std::string text;
    TimePoint since;
    std::uint32_t number = 0;  // of the line, once it is on its way
    int resends = 0;
    bool own = false;  // nobody has handed it over
  };
  struct Patterns;
  enum class State { closed, settling, working };

  void handle_line(std::string_view line, TimePoint now);
  void handle_ok(std::string_view line, TimePoint now);
  void handle_resend(std::uint32_t number, TimePoint now);
  void stop_at_once(TimePoint now);
  void fill_window(TimePoint now);
  void write(const Command& command);
  void give_up_flying(std::string_view reason);
  void drop_old(TimePoint now);
  void settle(TimePoint now);

  RobotObserver& observer_;
  const LinesProfile profile_;
  Limits limits_;
  std::unique_ptr<const Patterns> patterns_;
  State state_ = State::closed;
  std::deque<Command> flying_;  // the front one is answered next
  std::deque<Command> waiting_;
  std::string line_;  // what it is saying
  std::string output_;
  std::uint32_t next_number_ = 1;
  bool swallow_ok_ = false;  // the one that follows a Resend
  bool told_away_ = false;
  TimePoint deadline_{};  // of the front one, or of settling
  TimePoint settle_until_{};
};

}  // namespace bunshin
