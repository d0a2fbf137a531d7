#pragma once

#include <chrono>
#include <string_view>
#include <utility>

#include "bridge/robot_observer.h"

namespace bunshin {

/// Whether the robot's own noise would be heard: from a command until its "#Q" says that it has
/// stopped, and never for longer than a limit, for a motion goes on until it is told otherwise and
/// somebody has to be able to say so. Passes on what the robot's queue tells, but for its own "#Q".
/// Does no I/O and looks at no clock. Owned by a bridge; `next` must outlive it.
class MovingMute : public RobotObserver {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  /// Between two "#Q".
  static constexpr std::chrono::milliseconds kPoll{200};

  explicit MovingMute(RobotObserver& next) : next_(next) {}

  /// A command is brought to the robot: it moves, until then at the latest.
  void moves(TimePoint until) {
    moving_ = true;
    looks_ = 0;
    until_ = until;
  }
  [[nodiscard]] bool moving(TimePoint now) const { return moving_ && now < until_; }
  /// The next "#Q" is ours. False while the one before has not been answered.
  bool look() { return !std::exchange(looking_, true); }

  void sent(std::string_view command) override;
  void answered(std::string_view command, std::string_view reply) override;
  void retrying(std::string_view command, std::string_view reason) override;
  void gave_up(std::string_view command, std::string_view reason) override;
  void dropped(std::string_view command, std::string_view reason) override;
  void refused(std::string_view command, std::string_view reason) override;
  void resynchronised() override { next_.resynchronised(); }
  void unexpected(std::string_view reply) override { next_.unexpected(reply); }
  void line_opened() override { next_.line_opened(); }
  void line_lost() override { next_.line_lost(); }
  void robot_away(std::string_view reason) override { next_.robot_away(reason); }
  void robot_back() override { next_.robot_back(); }

 private:
  [[nodiscard]] bool ours(std::string_view command) const { return looking_ && command == "#Q"; }
  [[nodiscard]] bool has_stopped(std::string_view status) const;
  /// Whether it was ours: then it has ended, and is told to nobody.
  bool ended(std::string_view command);

  RobotObserver& next_;
  bool moving_ = false;
  bool looking_ = false;
  int looks_ = 0;  // that were answered since the last command
  TimePoint until_{};
};

}  // namespace bunshin
