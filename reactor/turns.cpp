// The turn of a handler: what is called, until it is exhausted or its budget is spent.

#include <cerrno>
#include <system_error>
#include <typeinfo>
#include <utility>

#include "reactor/log.h"
#include "reactor/reactor.h"
#include "reactor/wishes.h"

namespace bunshin {

namespace {

/// So many callbacks in a row that performed no operation, and the handler is parked.
constexpr std::uint8_t kIdleLimit = 16;

/// A connect to a port of the ephemeral range on this very machine, where nobody listens, can meet
/// itself (TCP simultaneous open). Then both names are the same.
bool connected_to_itself(int fd) {
  const auto local = SocketAddress::local_of(fd);
  return local.is_internet() && local == SocketAddress::peer_of(fd);
}

}  // namespace

void Reactor::take_turn(EventHandler& handler) {
  using H = EventHandler;
  if ((handler.flags_ & H::kConnecting) != 0 && !finish_connect(handler)) return;
  if ((handler.flags_ & H::kLevel) != 0) return level_turn(handler);
  const Generation generation = handler.generation_;
  if ((handler.flags_ & H::kUrgent) != 0) {
    handler.flags_ &= ~H::kUrgent;
    handler.handle_expt();
  }
  for (;;) {
    if (handler.generation_ != generation) return;  // closed, or already somebody else
    if ((handler.flags_ & H::kEnded) != 0 && tell_close(handler)) return;
    if (!pending(handler)) {
      handler.idle_calls_ = 0;
      return;
    }
    if (turn_left_ <= 0) return list_ready(handler);
    if (!call_once(handler, generation)) return park(handler);
    if (handler.idle_calls_ >= kIdleLimit) [[unlikely]]
      stuck(handler);
  }
}

void Reactor::stuck(EventHandler& handler) {
  handler.flags_ |= EventHandler::kStuck;
  handler.idle_calls_ = 0;
  ++stats_.stuck;
  if ((handler.flags_ & EventHandler::kStuckLogged) != 0) return;
  handler.flags_ |= EventHandler::kStuckLogged;
  log(LogLevel::warning,
      "{} was called {} times and did nothing; it is left alone until the next event",
      class_name(typeid(handler)), kIdleLimit);
}

/// What goes wrong with one connection must not end a server: its listener hears of it, and stays.
void Reactor::call_accept(EventHandler& handler) {
  try {
    handler.handle_accept();
  } catch (...) {
    handler.handle_error();
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
      handler.handle_read();
    } else if ((handler.flags_ & H::kListening) != 0) {
      call_accept(handler);
    } else {
      recv(handler, scratch_.size());
    }
    if (handler.generation_ != generation) return true;
    if ((handler.bits_ & ready::readable) == 0) handler.idle_calls_ = 0;  // an operation did that
  }
  if ((handler.bits_ & ready::writable) != 0 && wants_write(handler)) {
    called = true;
    ++handler.idle_calls_;
    handler.handle_write();
  }
  return called;
}

/// Level-triggered: the kernel remembers, so we do not, and what is not wanted is a system call.
void Reactor::level_turn(EventHandler& handler) {
  const Generation generation = handler.generation_;
  handler.flags_ &= ~EventHandler::kUrgentTold;
  if ((handler.flags_ & EventHandler::kUrgent) != 0) {
    handler.flags_ ^= EventHandler::kUrgent | EventHandler::kUrgentTold;
    handler.handle_expt();
  }
  if (handler.generation_ != generation) return;
  call_once(handler, generation);
  if (handler.generation_ != generation) return;
  if (handler.idle_calls_ >= kIdleLimit && !medium(handler).unseen()) stuck(handler);
  if ((handler.flags_ & EventHandler::kEnded) != 0) tell_close(handler);
  if (handler.generation_ != generation) return;
  handler.bits_ = 0;
  update_interest(handler);  // when the end was told and the handler stays open: none
}

void Reactor::update_interest(EventHandler& handler) {
  if ((handler.flags_ & (EventHandler::kDead | EventHandler::kConnecting)) != 0) return;
  std::uint8_t interest = 0;
  if (wants_read(handler)) interest |= ready::readable | ready::urgent;
  // An urgent byte that nobody takes stays there: told again when something else has come.
  if ((handler.flags_ & EventHandler::kUrgentTold) != 0) {
    interest &= static_cast<std::uint8_t>(~ready::urgent);
  }
  if (wants_write(handler)) interest |= ready::writable;
  if (interest != handler.interest_)
    engine_->modify(handler.fd_.get(), handler.generation_, interest);
  handler.interest_ = interest;
  constexpr auto kAsked = EventHandler::kReadsAlways | EventHandler::kNeverAsks;
  if ((handler.flags_ & kAsked) != kAsked) park(handler);
}

/// For those who were asked and did not want: asked again before every wait.
void Reactor::park(EventHandler& handler) noexcept {
  if ((handler.flags_ & EventHandler::kAskListed) != 0) return;
  handler.flags_ |= EventHandler::kAskListed;
  parked_.push_back(&handler);
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
  return std::exchange(current_, &handler);
}

/// What was changed by the call is seen in the handler's next turn.
void Reactor::end_call(EventHandler& handler, EventHandler* before) noexcept {
  current_ = before;
  if (&handler == before || !handler.fd_) return;
  constexpr auto kLook = EventHandler::kEnded | EventHandler::kLevel;
  if ((handler.flags_ & kLook) != 0 || pending(handler)) list_ready(handler);
}

/// Something changed about what `handler` wants.
void Reactor::reconsider(EventHandler& handler) {
  if (!handler.fd_ || (handler.flags_ & EventHandler::kConnecting) != 0) return;
  medium(handler).want(handler.fd_.get(), (handler.flags_ & EventHandler::kPaused) == 0);
  if (&handler == current_) return;  // its turn goes on and looks for itself
  const bool level = (handler.flags_ & EventHandler::kLevel) != 0;
  if (level && (handler.flags_ & EventHandler::kDead) == 0) update_interest(handler);
  if ((handler.flags_ & EventHandler::kEnded) != 0 || pending(handler)) list_ready(handler);
}

bool Reactor::finish_connect(EventHandler& handler) {
  if ((handler.bits_ & ready::writable) == 0) return false;
  int error = 0;
  socklen_t length = sizeof error;
  const int fd = handler.fd_.get();
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error == 0) {
    try {
      if (connected_to_itself(fd)) error = ECONNREFUSED;
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
  handler.handle_connect();
  return handler.generation_ == generation;
}

void Reactor::connect_failed(EventHandler& handler, int error) noexcept {
  handler.error_ = error;
  try {
    handler.handle_connect_error(error);
  } catch (...) {
    recover(handler);
  }
}

/// True when the connection has ended and its handler knows.
bool Reactor::tell_close(EventHandler& handler) {
  const bool failed = (handler.flags_ & EventHandler::kFailed) != 0;
  const bool owes = handler.owes() || medium(handler).owes(handler.fd_.get());
  if (!failed && owes) return false;
  if ((handler.flags_ & EventHandler::kCloseTold) == 0) {
    handler.flags_ |= EventHandler::kCloseTold;
    handler.handle_close();
  }
  return true;
}

/// A callback threw. The handler hears of it and is closed; the loop lives on.
void Reactor::recover(EventHandler& handler) noexcept {
  const Generation generation = handler.generation_;
  try {
    handler.handle_error();
    if (!handler.closed() && handler.generation_ == generation) handler.handle_close();
  } catch (...) {
    log(LogLevel::error, "{} failed while it was being closed", class_name(typeid(handler)));
    close(handler);
  }
  if (handler.fd_ && handler.generation_ == generation) close(handler);
}

}  // namespace bunshin
