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

  /// The last try worked. Only what then lasts lets the back-off begin anew, ten seconds or one
  /// that brought something: a peer that takes connections and drops them at once is not to be
  /// asked all the time.
  void succeeded();
  void brought_something() { brought_ = true; }
  /// Calls `attempt` when the back-off is over.
  void schedule();
  /// Calls `attempt` in the next round, instead of waiting any longer.
  void try_at_once();
  /// Calls `attempt` after `delay` when that is sooner than what schedule() has in mind; once,
  /// however often it is asked for.
  void try_soon(Duration delay);

 private:
  void arm(Duration delay);

  Reactor& reactor_;
  Backoff backoff_;
  TimePoint worked_since_{};
  bool works_ = false;
  bool brought_ = false;  // since it works
  TimePoint due_{};       // while the timer is armed
  Timer timer_;
};

}  // namespace bunshin
