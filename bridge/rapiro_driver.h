#pragma once

#include "bridge/rapiro_queue.h"
#include "bridge/robot_driver.h"

namespace bunshin {

/// A Rapiro on a serial line. Commands are kept while the line is away, those that are too old when
/// it returns are dropped. Owned by its reactor; `observer` must outlive it.
class RapiroDriver : public RobotDriver {
 public:
  RapiroDriver(Reactor& reactor, SerialConfig line, RobotObserver& observer,
               RapiroQueue::Limits limits = {}, Backoff::Limits retry = kRetryLimits)
      : RobotDriver(reactor, std::move(line), std::make_unique<RapiroQueue>(observer, limits),
                    observer, retry) {}
};

}  // namespace bunshin
