#pragma once

// How the reactor tells its observer. Inline and behind one test, for a loop that nobody watches.

#include <functional>
#include <utility>

#include "reactor/observer.h"
#include "reactor/reactor.h"

namespace bunshin {

template <typename... Params, typename... Args>
inline void Reactor::tell(void (Observer::*what)(Params...), Args&&... args) noexcept {
  if (observer_ != nullptr) [[unlikely]]
    tell_somebody(what, std::forward<Args>(args)...);
}

/// Out of line, so that nobody else pays for its frame.
template <typename... Params, typename... Args>
[[gnu::noinline]] void Reactor::tell_somebody(void (Observer::*what)(Params...),
                                              Args&&... args) noexcept {
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
  std::invoke(function, handler);
  tell(&Observer::ends, handler, callback);
}

}  // namespace bunshin
