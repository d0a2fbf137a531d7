#include "reactor/timer.h"

#include <utility>

#include "reactor/broken.h"
#include "reactor/reactor.h"

namespace bunshin {

void Timer::arm(Duration delay) {
  Reactor& reactor = owner_.reactor();
  if (!reactor.rearm(id_, delay)) id_ = reactor.call_later(delay, [this] { fire(); });
}

void Timer::cancel() noexcept { owner_.reactor().cancel(std::exchange(id_, {})); }

/// The callback may destroy the timer.
void Timer::fire() {
  id_ = {};
  if (owner_.closed()) return;
  if (broken("throwing")) return (owner_.*callback_)();
  owner_.reactor().call_for(owner_,
                            [&owner = owner_, callback = callback_] { (owner.*callback)(); });
}

}  // namespace bunshin
