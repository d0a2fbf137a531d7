#pragma once

#include <functional>

#include "bridge/backoff.h"
#include "reactor/reactor.h"

namespace bunshin {

/// The next try of something that failed, after a back-off: for connections and lines that are to
/// be there for ever. Owned by whoever tries, in the reactor's thread; the timer goes with it.
class Retry {
 public:
  Retry(Reactor& reactor, Backoff::Limits limits, std::function<void()> attempt);
  ~Retry();
  Retry(const Retry&) = delete;
  Retry& operator=(const Retry&) = delete;

  /// The last try worked. Only what then lasts for ten seconds lets the back-off begin anew: a
  /// peer that takes connections and drops them at once is not to be asked all the time.
  void succeeded();
  /// Calls `attempt` when the back-off is over.
  void schedule();

 private:
  Reactor& reactor_;
  Backoff backoff_;
  std::function<void()> attempt_;
  TimePoint worked_since_{};
  bool works_ = false;
  TimerId timer_;
};

}  // namespace bunshin
