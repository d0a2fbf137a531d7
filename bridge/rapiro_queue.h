#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/command_queue.h"
#include "bridge/rapiro_protocol.h"
#include "bridge/robot_observer.h"

namespace bunshin {

/// Brings commands to a Rapiro one at a time and in order; does no I/O and looks at no clock.
/// The firmware holds one pose and forgets it at the next motion, so both wait until "#C" is
/// answered "#C0". #M0 alone goes ahead: it drops what waits, and needs no "#C0". A command that is
/// not answered, or by an error, is sent again after the robot's parser was brought into step by
/// two newlines. While the line is closed, or the robot does not answer at all, commands are kept,
/// but not for long. A robot answers when it has answered a first "#C", which is asked after every
/// opening and after a command that was given up in vain.
/// Owned by the driver of one line, which calls tick() at next_deadline() and takes the output
/// whenever the line has room; `observer` must outlive the queue.
class RapiroQueue : public CommandQueue {
 public:
  struct Limits {
    std::size_t waiting = 64;                        // commands; the newest beyond is refused
    int resends = 3;                                 // a command is given up after
    std::chrono::milliseconds reply{1000};           // how long one is waited for
    std::chrono::milliseconds poll{100};             // between two "#C" while a pose waits
    std::chrono::milliseconds settle{100};           // silence that ends a resynchronisation
    std::chrono::milliseconds longest_settle{1000};  // for a robot that never is silent
    /// A robot that catches up on a minute of turns hurts itself: what is older when it can be had
    /// again is dropped, but for "#M0", which is kept until it is told that there is no robot.
    std::chrono::milliseconds max_age{3000};
    std::chrono::milliseconds patience{5000};  // with a robot that does not answer, till it is told
    bool coalesce = false;                     // see replaces()
  };

  explicit RapiroQueue(RobotObserver& observer) : RapiroQueue(observer, Limits()) {}
  RapiroQueue(RobotObserver& observer, Limits limits) : observer_(observer), limits_(limits) {}

  /// Refuses what validate_command() does not accept: nothing partial reaches the line.
  void command(std::string text, TimePoint now) override;

  void opened(TimePoint now) override;
  void closed() override;  // a command not answered yet is sent again after the next opened()
  void set_habits(const Habits& habits) override {
    limits_.max_age = habits.max_age;
    limits_.coalesce = habits.coalesce;
  }
  void received(std::string_view bytes, TimePoint now) override;
  void tick(TimePoint now) override;

  /// What is to be written now: always whole commands. Taken late, it may have been replaced by a
  /// later try; it is never added to, so a line that is stuck costs no memory.
  std::optional<std::string> take_output() override;
  [[nodiscard]] std::optional<TimePoint> next_deadline() const override;
  [[nodiscard]] std::size_t waiting() const override { return waiting_.size(); }

 private:
  enum class State {
    closed,
    settling,    // two newlines are out; what comes back is discarded until the silence
    ready,       // nothing waits
    looking,     // "#C" is in flight, and whether a robot is there not known
    asking,      // "#C" is in flight
    pose_waits,  // it was answered "#CF": asked again at deadline_
    sending,     // the command at the front is in flight
  };

  bool in_flight() const {
    return state_ == State::looking || state_ == State::asking || state_ == State::sending;
  }
  std::string_view flying() const;
  void drop_old(TimePoint now);
  void drop_replaced(std::string_view newer);
  void found();
  void not_found(TimePoint now);
  void go_ahead(std::string text, TimePoint now);
  void resynchronise(TimePoint now);
  void begin_next(TimePoint now);
  void send(State state, TimePoint now);
  void handle(const RapiroReply& reply, TimePoint now);
  void handle_answer(const RapiroReply& reply, TimePoint now);
  void handle_failure(const std::string& reason, TimePoint now);
  void handle_deadline(TimePoint now);
  void pop_front();

  RobotObserver& observer_;
  Limits limits_;
  State state_ = State::closed;
  struct Command {
    std::string text;
    TimePoint since;
  };
  std::deque<Command> waiting_;  // the front one may be in flight
  int failures_ = 0;             // of the front one
  TimePoint deadline_{};         // meaningless when closed or ready
  TimePoint settle_until_{};     // settling ends then, silence or not
  bool there_ = false;           // it has answered since the line was opened
  bool told_away_ = false;       // that it does not
  TimePoint looking_since_{};    // while it has not
  std::string heard_;            // since the last "#C" while looking; no more than an echo has
  std::optional<std::string> output_;
  RapiroReplyParser parser_;
};

}  // namespace bunshin
