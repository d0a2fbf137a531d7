#pragma once

#include "bridge/prometheus_text.h"
#include "reactor/event_handler.h"
#include "reactor/timer.h"

namespace bunshin {

/// How late the loop is: ten times a second by how much a timer has missed its time. That costs the
/// handlers nothing, unlike an Observer, of which a loop has one at most. In the background; owned
/// by its reactor, in whose thread all members are called.
class LoopLag : public EventHandler {
 public:
  /// `lag` outlives it.
  LoopLag(Reactor& reactor, DurationHistogram& lag);

 private:
  void tick();
  void wait();

  DurationHistogram& lag_;
  TimePoint due_{};
  Timer timer_{*this, &LoopLag::tick};
};

}  // namespace bunshin
