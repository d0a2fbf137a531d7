// The turn of a handler: what is called, until it is exhausted or its budget is spent.

#include <cerrno>
#include <system_error>
#include <typeinfo>
#include <utility>

#include "reactor/broken.h"
#include "reactor/host.h"
#include "reactor/log.h"
#include "reactor/reactor.h"
#include "reactor/watching.h"
#include "reactor/wishes.h"

namespace bunshin {

namespace {

/// So many callbacks in a row that performed no operation, and the handler is parked.
constexpr std::uint8_t kIdleLimit = 16;

/// A connect to a port of the ephemeral range on this very machine, where nobody listens, can meet
/// itself (TCP simultaneous open). Then both names are the same.
bool connected_to_itself(Host& host, int fd) {
  const auto local = host.local_name(fd);
  return local.is_internet() && local == host.peer_name(fd);
}

}  // namespace

void Reactor::take_turn(EventHandler& handler) {
  using H = EventHandler;
  if (paused_ && handler.has_ref() && !may_step(handler)) return;
  if ((handler.flags_ & H::kConnecting) != 0 && !finish_connect(handler)) return;
  if ((handler.flags_ & H::kLevel) != 0) return level_turn(handler);
  const Generation generation = handler.generation_;
  if ((handler.flags_ & H::kUrgent) != 0) {
    handler.flags_ &= ~H::kUrgent;
    call(handler, Callback::expt, &H::handle_expt);
  }
  for (;;) {
    if (paused_ && stepped_ && handler.has_ref()) return list_ready(handler);  // one at a time
    // Closed, or already somebody else.
    if (handler.generation_ != generation && !broken("trap05")) return;
    if ((handler.flags_ & H::kEnded) != 0 && tell_close(handler)) return;
    if (!pending(handler)) {
      handler.idle_calls_ = 0;
      return;
    }
    if (turn_left_ <= 0 && broken("budget")) return;
    if (turn_left_ <= 0) return list_ready(handler);
    if (!call_once(handler, generation)) {
      return broken("refusing") ? list_ready(handler) : park(handler);
    }
    if (handler.idle_calls_ >= kIdleLimit) [[unlikely]]
      stuck(handler);
  }
}

/// In a pause. A step is used up by the first who is called. (What only races to connect goes on:
/// whose connection that will be is held when it stands.)
bool Reactor::may_step(EventHandler& handler) {
  using H = EventHandler;
  constexpr auto kRaces = H::kLevel | H::kConnecting;
  if ((handler.flags_ & kRaces) == kRaces) return true;
  if (std::exchange(stepped_, false) && steps_ > 0) --steps_;
  if (steps_ > 0) return true;
  if ((handler.flags_ & H::kHeld) != 0) return false;
  handler.flags_ |= H::kHeld;
  held_.push_back(&handler);
  if ((handler.flags_ & H::kLevel) != 0) {  // would be told again and again
    handler.bits_ = 0;
    set_interest(handler, 0);
  }
  return false;
}

void Reactor::release_held() noexcept {
  for (EventHandler* handler : held_) {
    handler->flags_ &= ~EventHandler::kHeld;
    if (handler->fd_) list_ready(*handler);
  }
  held_.clear();
}

void Reactor::stuck(EventHandler& handler) {
  handler.flags_ |= EventHandler::kStuck;
  handler.idle_calls_ = 0;
  ++stats_.stuck;
  tell(&Observer::stuck, handler);
  if ((handler.flags_ & EventHandler::kStuckLogged) != 0) return;
  handler.flags_ |= EventHandler::kStuckLogged;
  log(LogLevel::warning,
      "{} was called {} times and did nothing; it is left alone until the next event",
      class_name(typeid(handler)), kIdleLimit);
}

/// What goes wrong with one connection must not end a server: its listener hears of it, and stays.
void Reactor::call_accept(EventHandler& handler) {
  if (broken("accepting")) return call(handler, Callback::accept, &EventHandler::handle_accept);
  try {
    call(handler, Callback::accept, &EventHandler::handle_accept);
  } catch (...) {
    call(handler, Callback::error, &EventHandler::handle_error);
  }
}

/// Calls what is ready and wanted, each at most once. False when nothing was wanted.
inline bool Reactor::call_once(EventHandler& handler, Generation generation) {
  using H = EventHandler;
  bool called = false;
  if ((handler.bits_ & ready::readable) != 0 && wants_read(handler)) {
    called = true;
    ++handler.idle_calls_;
    if ((handler.flags_ & (H::kListening | H::kDiscards)) == 0) [[likely]] {
      call(handler, Callback::read, &H::handle_read);
    } else if ((handler.flags_ & H::kListening) != 0) {
      call_accept(handler);
    } else {
      call(handler, Callback::discard, [this](H& its) { recv(its, scratch_.size()); });
    }
    if (handler.generation_ != generation) return true;
    if ((handler.bits_ & ready::readable) == 0) handler.idle_calls_ = 0;  // an operation did that
    if (paused_) return true;
  }
  if ((handler.bits_ & ready::writable) != 0 && wants_write(handler)) {
    called = true;
    ++handler.idle_calls_;
    call(handler, Callback::write, &H::handle_write);
  }
  return called;
}

/// Level-triggered: the kernel remembers, so we do not, and what is not wanted is a system call.
void Reactor::level_turn(EventHandler& handler) {
  const Generation generation = handler.generation_;
  handler.flags_ &= ~EventHandler::kUrgentTold;
  if ((handler.flags_ & EventHandler::kUrgent) != 0) {
    handler.flags_ ^= EventHandler::kUrgent | EventHandler::kUrgentTold;
    call(handler, Callback::expt, &EventHandler::handle_expt);
  }
  if (handler.generation_ != generation) return;
  call_once(handler, generation);
  if (handler.generation_ != generation) return;
  if (handler.idle_calls_ >= kIdleLimit && !medium(handler).unseen()) stuck(handler);
  if ((handler.flags_ & EventHandler::kEnded) != 0) tell_close(handler);
  if (handler.generation_ != generation) return;
  const std::uint8_t futile = std::exchange(handler.bits_, std::uint8_t{0});
  if ((handler.flags_ & EventHandler::kStuck) != 0) {
    if (broken("deaf")) return set_interest(handler, 0);
    return set_interest(handler, handler.interest_ & static_cast<std::uint8_t>(~futile));
  }
  update_interest(handler);  // when the end was told and the handler stays open: none
}

void Reactor::set_interest(EventHandler& handler, std::uint8_t interest) {
  if (interest == handler.interest_) return;
  engine_->modify(handler.fd_.get(), handler.generation_, interest);
  handler.interest_ = interest;
  tell(&Observer::interest_changed, handler);
}

void Reactor::update_interest(EventHandler& handler) {
  constexpr auto kLater =
      EventHandler::kDead | EventHandler::kConnecting | EventHandler::kStuck | EventHandler::kHeld;
  if ((handler.flags_ & kLater) != 0) return;
  std::uint8_t interest = 0;
  if (wants_read(handler)) interest |= ready::readable | ready::urgent;
  // An urgent byte that nobody takes stays there: told again when something else has come.
  if ((handler.flags_ & EventHandler::kUrgentTold) != 0) {
    interest &= static_cast<std::uint8_t>(~ready::urgent);
  }
  if (wants_write(handler)) interest |= ready::writable;
  set_interest(handler, interest);
  constexpr auto kAsked = EventHandler::kReadsAlways | EventHandler::kNeverAsks;
  if ((handler.flags_ & kAsked) != kAsked) park(handler);
}

/// For those who were asked and did not want: asked again before every wait.
void Reactor::park(EventHandler& handler) noexcept {
  if ((handler.flags_ & EventHandler::kAskListed) != 0) return;
  handler.flags_ |= EventHandler::kAskListed;
  parked_.push_back(&handler);
  tell(&Observer::parked, handler);
}

void Reactor::list_ready(EventHandler& handler) noexcept {
  if ((handler.flags_ & EventHandler::kReadyListed) != 0) return;
  handler.flags_ |= EventHandler::kReadyListed;
  ready_.push_back(&handler);
}

/// For what is called in the handler's name, perhaps within the turn of another one: returns that.
EventHandler* Reactor::begin_call(EventHandler& handler) noexcept {
  if (current_ == nullptr) {
    turn_left_ = static_cast<std::ptrdiff_t>(options_.turn_bytes);
    now_known_ = false;
  }
  tell(&Observer::begins, handler, Callback::other);
  return std::exchange(current_, &handler);
}

/// What was changed by the call is seen in the handler's next turn.
void Reactor::end_call(EventHandler& handler, EventHandler* before) noexcept {
  current_ = before;
  tell(&Observer::ends, handler, Callback::other);
  if (&handler == before || !handler.fd_) return;
  constexpr auto kLook = EventHandler::kEnded | EventHandler::kLevel;
  if ((handler.flags_ & kLook) != 0 || pending(handler)) list_ready(handler);
}

/// Something changed about what `handler` wants.
void Reactor::reconsider(EventHandler& handler) {
  if (!handler.fd_ || (handler.flags_ & EventHandler::kConnecting) != 0) return;
  medium(handler).want(handler.fd_.get(), (handler.flags_ & EventHandler::kPaused) == 0);
  if (&handler == current_ || broken("resume")) return;  // its turn goes on and looks for itself
  const bool level = (handler.flags_ & EventHandler::kLevel) != 0;
  if (level && (handler.flags_ & EventHandler::kDead) == 0) update_interest(handler);
  if ((handler.flags_ & EventHandler::kEnded) != 0 || pending(handler)) list_ready(handler);
}

bool Reactor::finish_connect(EventHandler& handler) {
  if ((handler.bits_ & ready::writable) == 0) return false;
  const int fd = handler.fd_.get();
  int error = broken("trap09") ? 0 : host_.take_error(fd);
  if (error == 0) {
    try {
      if (connected_to_itself(host_, fd)) error = ECONNREFUSED;
    } catch (const std::system_error& unnamed) {
      if (unnamed.code().value() == ENOTCONN) return false;  // a spurious event
      error = unnamed.code().value();
    }
  }
  if (error != 0) {
    detach(handler);
    connect_failed(handler, error);
    return false;
  }
  const Generation generation = handler.generation_;
  handler.flags_ &= ~EventHandler::kConnecting;
  medium(handler).want(fd, true);
  call(handler, Callback::connect, &EventHandler::handle_connect);
  return handler.generation_ == generation;
}

void Reactor::connect_failed(EventHandler& handler, int error) noexcept {
  handler.error_ = error;
  try {
    call(handler, Callback::connect_error,
         [error](EventHandler& its) { its.handle_connect_error(error); });
  } catch (...) {
    recover(handler);
  }
}

/// True when the connection has ended and its handler knows.
bool Reactor::tell_close(EventHandler& handler) {
  const bool failed = (handler.flags_ & EventHandler::kFailed) != 0;
  const bool owes = handler.owes() || medium(handler).owes(handler.fd_.get());
  if (!failed && owes && !broken("trap07")) return false;
  if ((handler.flags_ & EventHandler::kCloseTold) == 0) {
    handler.flags_ |= EventHandler::kCloseTold;
    call(handler, Callback::close, &EventHandler::handle_close);
  }
  return true;
}

/// A callback threw. The handler hears of it and is closed; the loop lives on.
void Reactor::recover(EventHandler& handler) noexcept {
  const Generation generation = handler.generation_;
  try {
    call(handler, Callback::error, &EventHandler::handle_error);
    if (!handler.closed() && handler.generation_ == generation) {
      call(handler, Callback::close, &EventHandler::handle_close);
    }
  } catch (...) {
    log(LogLevel::error, "{} failed while it was being closed", class_name(typeid(handler)));
    close(handler);
  }
  if (handler.fd_ && handler.generation_ == generation) close(handler);
}

}  // namespace bunshin
