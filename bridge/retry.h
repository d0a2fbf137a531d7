#pragma once

#include "bridge/backoff.h"
#include "reactor/host.h"
#include "reactor/reactor.h"
#include "reactor/timer.h"

namespace bunshin {

/// The next try of something that failed, after a back-off: for connections and lines that are to
/// be there for ever. A member of the handler that tries, in the reactor's thread.
class Retry {
 public:
  /// `attempt`: see Timer.
  template <typename Handler>
  Retry(EventHandler& owner, Backoff::Limits limits, void (Handler::*attempt)())
      : reactor_(owner.reactor()),
        backoff_(limits, owner.reactor().host().random()),
        timer_(owner, attempt) {}

  /// The last try worked. Only what then lasts for ten seconds lets the back-off begin anew: a
  /// peer that takes connections and drops them at once is not to be asked all the time.
  void succeeded();
  /// Calls `attempt` when the back-off is over.
  void schedule();
  /// Calls `attempt` in the next round, instead of waiting any longer.
  void try_at_once();

 private:
  Reactor& reactor_;
  Backoff backoff_;
  TimePoint worked_since_{};
  bool works_ = false;
  Timer timer_;
};

}  // namespace bunshin
