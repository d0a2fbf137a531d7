#pragma once

#include <functional>
#include <utility>

#include "reactor/event_handler.h"
#include "reactor/timer.h"

namespace bunshin {

/// A clock in the background, which a pause leaves alone. Owned by its reactor: whoever made it
/// closes it. In the reactor's thread.
class Ticker : public EventHandler {
 public:
  Ticker(Reactor& reactor, std::function<void()> tick)
      : EventHandler(reactor), tick_(std::move(tick)) {
    unref();
  }

  /// Ticks every `interval` from now on.
  void every(Duration interval) {
    interval_ = interval;
    timer_.arm(interval);
  }
  /// Ticks once, `delay` from now.
  void once(Duration delay) {
    interval_ = {};
    timer_.arm(delay);
  }
  void stop() { timer_.cancel(); }
  [[nodiscard]] bool runs() const { return timer_.armed(); }

 private:
  void fire() {
    if (interval_ > Duration::zero()) timer_.arm(interval_);
    tick_();
  }

  std::function<void()> tick_;
  Duration interval_{};
  Timer timer_{*this, &Ticker::fire};
};

}  // namespace bunshin
