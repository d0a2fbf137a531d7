#pragma once

#include <memory>

#include "bridge/moving_mute.h"
#include "bridge/robot_driver.h"

namespace bunshin {

/// What a MutedRobot has before it is a driver.
struct MuteHolder {
  explicit MuteHolder(RobotObserver& next) : moving(next) {}
  MovingMute moving;  ///< whether it moves
};

/// A robot that is looked at while it moves. Owned by its reactor; `observer` must outlive it.
class MutedRobot : public MuteHolder, public RobotDriver {
 public:
  /// `make` makes the queue for the observer that it is given.
  template <typename Make>
  MutedRobot(Reactor& reactor, SerialConfig line, RobotObserver& observer, Make make)
      : MuteHolder(observer), RobotDriver(reactor, std::move(line), make(moving), moving) {}
};

}  // namespace bunshin
