#include "reactor/timer.h"

#include <utility>

#include "reactor/broken.h"
#include "reactor/reactor.h"

namespace bunshin {

void Timer::arm(Duration delay) {
  Reactor& reactor = owner_.reactor();
  const bool stands_still = owner_.has_ref();  // in a pause: see Reactor::pause
  TimerHeap& heap = stands_still ? reactor.handler_timers_ : reactor.timers_;
  const TimePoint now = stands_still ? reactor.handlers_now() : reactor.now();
  const TimePoint deadline = now + Reactor::bounded(delay);
  if (heap_ == &heap && heap.rearm(id_, deadline)) return;
  const TimerId id = heap.add(deadline, Duration::zero(), [this] { fire(); });
  cancel();
  heap_ = &heap;
  id_ = id;
  if (!stands_still) ++reactor.background_timers_;
}

void Timer::cancel() noexcept {
  if (heap_ != nullptr) heap_->cancel(disarm());
}

TimerId Timer::disarm() noexcept {
  Reactor& reactor = owner_.reactor();
  if (id_ && heap_ == &reactor.timers_) --reactor.background_timers_;
  return std::exchange(id_, {});
}

/// The callback may destroy the timer.
void Timer::fire() {
  disarm();
  if (owner_.closed()) return;
  if (broken("throwing")) return (owner_.*callback_)();
  owner_.reactor().call_for(owner_,
                            [&owner = owner_, callback = callback_] { (owner.*callback)(); });
}

}  // namespace bunshin
