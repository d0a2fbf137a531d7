#pragma once

#include <deque>
#include <functional>
#include <string>

#include "bridge/pseudo_terminal.h"
#include "bridge/rapiro_firmware.h"
#include "handlers/file_dispatcher.h"
#include "reactor/timer.h"

namespace bunshin {

/// A Rapiro on a pseudo-terminal: the stock firmware with the delays of a serial line. Keeps its
/// own side of the line open, so clients come and go as with a real one. Owned by its reactor.
class SimulatedRapiro : public FileDispatcher {
 public:
  /// Called for everything that was answered.
  using OnAnswer = std::function<void(std::string_view answer)>;

  /// `speed`: how much faster than a real one it moves. REQUIRES: speed > 0.
  SimulatedRapiro(Reactor& reactor, PseudoTerminal terminal, double speed = 1);
  ~SimulatedRapiro() override;

  /// Makes a symbolic link to the line, replacing one to a pseudo-terminal that is no more, which a
  /// killed simulator leaves behind; it is removed with this. Throws std::system_error, when
  /// something else is in its place above all.
  void make_link(const std::string& path);
  void on_answer(OnAnswer callback) { on_answer_ = std::move(callback); }

  [[nodiscard]] const std::string& path() const { return terminal_.path; }  // of the line
  [[nodiscard]] RapiroView view() { return firmware_.view(robot_time()); }
  [[nodiscard]] bool at_rest() { return firmware_.at_rest(robot_time()); }

  void handle_read() override;

 private:
  struct Answer {
    TimePoint due;
    std::string text;
  };
  [[nodiscard]] TimePoint robot_time();
  void answer_due();
  void release();

  const PseudoTerminal terminal_;  // its master is the handler's
  const double speed_;
  const TimePoint power_on_;
  RapiroFirmware firmware_;
  std::deque<Answer> answers_;
  OnAnswer on_answer_;
  std::string link_;
  Timer answer_timer_{*this, &SimulatedRapiro::answer_due};
  Timer release_timer_{*this, &SimulatedRapiro::release};
};

}  // namespace bunshin
