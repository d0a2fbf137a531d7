#pragma once

#include "bridge/moving_mute.h"
#include "bridge/rapiro_driver.h"

namespace bunshin {

/// What a MutedRapiro has before it is a driver.
struct MuteHolder {
  explicit MuteHolder(RobotObserver& next) : moving(next) {}
  MovingMute moving;  ///< whether it moves
};

/// A Rapiro that is looked at while it moves. Owned by its reactor; `observer` must outlive it.
class MutedRapiro : public MuteHolder, public RapiroDriver {
 public:
  MutedRapiro(Reactor& reactor, SerialConfig line, RobotObserver& observer,
              RapiroQueue::Limits limits)
      : MuteHolder(observer), RapiroDriver(reactor, std::move(line), moving, limits) {}
};

}  // namespace bunshin
