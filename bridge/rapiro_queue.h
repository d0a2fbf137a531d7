#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/rapiro_protocol.h"

namespace bunshin {

/// What the queue has to tell. Every command handed over ends in exactly one of answered(),
/// gave_up(), dropped() or refused(). An observer must not call the queue back.
class RapiroObserver {
 public:
  virtual ~RapiroObserver() = default;

  /// These two are also called for the "#C" the queue asks of its own accord.
  virtual void sent(std::string_view /*command*/) {}
  virtual void answered(std::string_view /*command*/, const RapiroReply& /*reply*/) {}

  /// One failure more: "no reply in 1000 ms", "answered #EP". It is sent again after that.
  virtual void retrying(std::string_view /*command*/, std::string_view /*reason*/) {}
  virtual void gave_up(std::string_view /*command*/, std::string_view /*reason*/) {}
  /// "#M0 goes ahead"; "the line was away for longer than 3000 ms".
  virtual void dropped(std::string_view /*command*/, std::string_view /*reason*/) {}
  virtual void refused(std::string_view /*command*/, std::string_view /*reason*/) {}
  virtual void resynchronised() {}                          // the parser of the robot is in step
  virtual void unexpected(const RapiroReply& /*reply*/) {}  // nobody had asked
};

/// Brings commands to a Rapiro one at a time and in order; does no I/O and looks at no clock.
/// The firmware holds one pose and forgets it at the next motion, so both wait until "#C" is
/// answered "#C0". #M0 alone goes ahead: it drops what waits, and needs no "#C0". A command that is
/// not answered, or by an error, is sent again after the robot's parser was brought into step by
/// two newlines. While the line is closed commands are kept, but not for long.
/// Owned by the driver of one line, which calls tick() at next_deadline() and takes the output
/// whenever the line has room; `observer` must outlive the queue.
class RapiroQueue {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Limits {
    std::size_t waiting = 64;                        // commands; the newest beyond is refused
    int resends = 3;                                 // a command is given up after
    std::chrono::milliseconds reply{1000};           // how long one is waited for
    std::chrono::milliseconds poll{100};             // between two "#C" while a pose waits
    std::chrono::milliseconds settle{100};           // silence that ends a resynchronisation
    std::chrono::milliseconds longest_settle{1000};  // for a robot that never is silent
    /// A robot that catches up on a minute of turns hurts itself: what is older when the line opens
    /// is dropped.
    std::chrono::milliseconds max_age{3000};
  };

  explicit RapiroQueue(RapiroObserver& observer) : RapiroQueue(observer, Limits()) {}
  RapiroQueue(RapiroObserver& observer, Limits limits) : observer_(observer), limits_(limits) {}

  /// Refuses what validate_command() does not accept: nothing partial reaches the line.
  void command(std::string text, TimePoint now);

  void opened(TimePoint now);
  void closed();  // a command not answered yet is sent again after the next opened()
  void received(std::string_view bytes, TimePoint now);
  void tick(TimePoint now);

  /// What is to be written now: always whole commands. Taken late, it may have been replaced by a
  /// later try; it is never added to, so a line that is stuck costs no memory.
  std::optional<std::string> take_output();
  std::optional<TimePoint> next_deadline() const;

  bool idle() const { return waiting_.empty(); }  // every command was answered or given up
  std::size_t waiting() const { return waiting_.size(); }

 private:
  enum class State {
    closed,
    settling,    // two newlines are out; what comes back is discarded until the silence
    ready,       // nothing waits
    asking,      // "#C" is in flight
    pose_waits,  // it was answered "#CF": asked again at deadline_
    sending,     // the command at the front is in flight
  };

  bool in_flight() const { return state_ == State::asking || state_ == State::sending; }
  std::string_view flying() const;
  void drop_old(TimePoint now);
  void go_ahead(std::string text, TimePoint now);
  void resynchronise(TimePoint now);
  void begin_next(TimePoint now);
  void send(State state, TimePoint now);
  void handle(const RapiroReply& reply, TimePoint now);
  void handle_answer(const RapiroReply& reply, TimePoint now);
  void handle_failure(const std::string& reason, TimePoint now);
  void handle_deadline(TimePoint now);
  void pop_front();

  RapiroObserver& observer_;
  const Limits limits_;
  State state_ = State::closed;
  struct Command {
    std::string text;
    TimePoint since;
  };
  std::deque<Command> waiting_;  // the front one may be in flight
  int failures_ = 0;             // of the front one
  TimePoint deadline_{};         // meaningless when closed or ready
  TimePoint settle_until_{};     // settling ends then, silence or not
  std::optional<std::string> output_;
  RapiroReplyParser parser_;
};

}  // namespace bunshin
