#pragma once

// How the reactor tells its observer. Inline and behind one test, for a loop that nobody watches.

#include <functional>
#include <utility>

#include "reactor/observer.h"
#include "reactor/reactor.h"

namespace bunshin {

/// Calls a member function of Observer, `what`.
template <typename What, typename... Args>
inline void Reactor::tell(What what, Args&&... args) noexcept {
  if (observer_ != nullptr) [[unlikely]]
    tell_somebody(what, std::forward<Args>(args)...);
}

/// Out of line, so that nobody else pays for its frame.
template <typename What, typename... Args>
[[gnu::noinline]] void Reactor::tell_somebody(What what, Args&&... args) noexcept {
  try {
    (observer_->*what)(std::forward<Args>(args)...);
  } catch (...) {
    lose_observer();
  }
}

/// Calls `function` of `handler`, as a `callback` that is told.
template <typename Function>
inline void Reactor::call(EventHandler& handler, Callback callback, Function&& function) {
  tell(&Observer::begins, handler, callback);
  if (paused_ && handler.has_ref()) stepped_ = true;
  std::invoke(function, handler);
  tell(&Observer::ends, handler, callback);
}

}  // namespace bunshin
