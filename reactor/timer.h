#pragma once

#include "reactor/event_handler.h"
#include "reactor/timers.h"

namespace bunshin {

/// A timer that belongs to a handler: a member of it, or of what it owns. It calls a member
/// function of the handler as a callback of its own: an exception reaches handle_error, and the
/// handler is closed then. Goes with its owner, and never calls one that is closed. In the
/// reactor's thread.
///
///   Timer idle_{*this, &Connection::close};
class Timer {
 public:
  /// REQUIRES: `owner` is a Handler, and its reactor outlives the timer.
  template <typename Handler>
  Timer(EventHandler& owner, void (Handler::*callback)())
      : owner_(owner), callback_(static_cast<Callback>(callback)) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Calls back once, `delay` from now (negative is zero): in place of what it was armed for
  /// before. Throws std::bad_alloc, and is as it was then.
  void arm(Duration delay);
  void cancel() noexcept;
  /// False in its own callback, which may arm it again.
  [[nodiscard]] bool armed() const { return static_cast<bool>(id_); }

 private:
  using Callback = void (EventHandler::*)();
  void fire();
  TimerId disarm() noexcept;

  EventHandler& owner_;
  Callback callback_;
  TimerHeap* heap_ = nullptr;  // of the reactor, where id_ is
  TimerId id_;
};

}  // namespace bunshin
