// What happens in a round: waiting, and who has a turn. (What a turn is: turns.cpp.)

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <span>
#include <stdexcept>
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

/// A timer that fires so much after its time is late. Waits end up to 1 ms late by themselves.
constexpr auto kLate = std::chrono::milliseconds(10);

}  // namespace

void Reactor::run_once(Duration limit) {
  now_known_ = false;
  round(limit);
}

void Reactor::round(Duration limit) {
  if (in_round_) throw std::logic_error("run_once was called from a callback");
  struct Round {
    bool& running;
    explicit Round(bool& flag) : running(flag) { running = true; }
    ~Round() { running = false; }
  } const running(in_round_);
  ++stats_.rounds;
  tell(&Observer::round_begins, stats_.rounds);
  if (!parked_.empty() && !broken("parked")) ask_parked();  // 1
  const Duration longest = wait_limit(limit);               // 2
  const bool spins = adaptive_wait_.spins() && longest > Duration::zero();
  const auto count = spins ? wait_spinning(longest) : engine_->wait(longest, events_);
  now_known_ = false;
  tell(&Observer::waited, longest, count);
  if (posts_->posted()) run_posts(count);                                // 3
  take_events(count);                                                    // 4
  if (!ready_.empty()) turn_listed(ready_, EventHandler::kReadyListed);  // 5
  if (!timers_.empty() || !handler_timers_.empty()) run_timers(count);   // 6
  if (!corked_.empty()) {                                                // 7
    tell(&Observer::corked_begin, corked_.size());
    turn_listed(corked_, EventHandler::kCorked);
  }
  bury();  // 8
  tell(&Observer::round_ends);
}

std::size_t Reactor::wait_spinning(Duration limit) {
  return adaptive_wait_.wait(*engine_, host_, limit, events_, stats_,
                             [this] { return posts_->posted() || stop_requested_; });
}

Duration Reactor::wait_limit(Duration limit) {
  const bool more = !ready_.empty() || !corked_.empty();
  if (more || stop_requested_ || !closed_.empty()) return Duration::zero();
  if (timers_.empty() && handler_timers_.empty() && !starvation_.anybody()) {
    return limit;
  }
  if (broken("trap10")) return limit;
  const TimePoint until = std::min(next_timer(), starvation_.until());
  return std::clamp(until - now(), Duration::zero(), limit);
}

TimePoint Reactor::next_timer() {
  const TimePoint next = timers_.next().value_or(TimePoint::max());
  const auto handlers = paused_ ? std::nullopt : handler_timers_.next();
  return handlers ? std::min(next, *handlers + stood_still_) : next;
}

/// After a full batch the kernel may have more. The timers are left to the next round then, but
/// only for as many rounds as it takes to hear of every descriptor: a flood does not stop them.
void Reactor::run_timers(std::size_t count) {
  if (count == events_.size() && ++put_off_ * count <= by_descriptor_.size()) return;
  put_off_ = 0;
  now_known_ = false;
  const TimePoint due = next_timer();
  if (due > now()) return;
  // Late, so the process was stopped or kept from running: what has arrived since the wait looked
  // counts.
  if (now() - due > kLate && !broken("late_look")) {
    take_events(engine_->wait(Duration::zero(), events_));
    if (!ready_.empty()) turn_listed(ready_, EventHandler::kReadyListed);
  }
  tell(&Observer::timers_begin);
  timers_.run_due(now());
  if (!paused_) handler_timers_.run_due(handlers_now());
  now_known_ = false;  // the next wait begins later than that
}

void Reactor::ask_parked() {
  const bool hungry = starvation_.anybody() && starvation_.is_over(now());
  for (std::size_t index = 0; index < parked_.size();) {
    EventHandler& handler = *parked_[index];
    if (still_parked(handler, hungry)) {
      ++index;
      continue;
    }
    handler.flags_ &= ~EventHandler::kAskListed;
    parked_[index] = parked_.back();
    parked_.pop_back();
  }
}

/// Asks a parked handler; one that wants goes to the ready list. `retry`: so do those that starved.
bool Reactor::still_parked(EventHandler& handler, bool retry) noexcept {
  if (!handler.fd_) return false;
  if ((handler.flags_ & EventHandler::kStarved) != 0) {
    if (!retry) return true;
    handler.flags_ &= ~EventHandler::kStarved;
    list_ready(handler);
    return false;
  }
  try {
    if ((handler.flags_ & EventHandler::kLevel) != 0) {
      update_interest(handler);
      return true;
    }
    if (!pending(handler)) return false;
    const bool wanted = ((handler.bits_ & ready::readable) != 0 && wants_read(handler)) ||
                        ((handler.bits_ & ready::writable) != 0 && wants_write(handler));
    if (wanted) list_ready(handler);
    return !wanted;
  } catch (...) {
    recover(handler);
    return false;
  }
}

void Reactor::call_posted() {
  while (posted_done_ < posted_.size() && !stop_requested_) posted_[posted_done_++]();
}

/// When one throws, nothing is lost: the others are for the next round, and the `count` events in
/// hand, which the kernel tells only once, are taken before the exception goes on.
void Reactor::run_posts(std::size_t count) {
  try {
    call_posted();  // what an exception left over
    posts_->take(posted_);
    posted_done_ = 0;
    tell(&Observer::posts_begin, posted_.size());
    call_posted();
  } catch (...) {
    posts_->remind();
    take_events(count);
    throw;
  }
  drop_posted();
}

void Reactor::drop_posted() noexcept {
  posted_done_ = 0;
  posted_.clear();
}

void Reactor::take_events(std::size_t count) {
  stats_.events += count;
  for (const Event& event : std::span(events_).first(count)) take_event(event);
}

inline void Reactor::take_event(const Event& event) {
  EventHandler* handler = by_descriptor_[static_cast<std::size_t>(event.fd)];
  if (handler->generation_ != event.generation && !broken("trap04")) [[unlikely]] {
    ++stats_.stale_events;  // the number was closed in this round, and perhaps given out again
    return;
  }
  if ((event.bits & ~(ready::readable | ready::writable)) == 0) [[likely]] {
    handler->bits_ |= event.bits;
  } else {
    take_unusual(*handler, event);
  }
  if (!is_usual(*handler)) [[unlikely]] {
    tell(&Observer::ready, *handler, event.bits);
    handler->flags_ &= ~EventHandler::kStuck;
    if ((handler->flags_ & EventHandler::kReadyListed) != 0) return;  // its turn will come
  }
  turn(*handler);
}

/// More than readable and writable: something waits behind the data.
void Reactor::take_unusual(EventHandler& handler, const Event& event) {
  handler.bits_ |= event.bits & (ready::readable | ready::writable);
  if (!broken("trap01")) handler.flags_ &= ~EventHandler::kTrustsShort;  // for good
  if ((event.bits & ready::urgent) != 0) handler.flags_ |= EventHandler::kUrgent;
  if ((event.bits & (ready::failed | ready::hung_up)) == 0) return;
  handler.bits_ |= ready::readable | ready::writable;  // an operation will tell more
  const auto writing =
      medium(handler).hung_up(handler.fd_.get(), (event.bits & ready::failed) != 0);
  if (writing == Medium::HangUp::full) exhaust(handler, ready::writable);
  if (writing == Medium::HangUp::ended) fail(handler, EPIPE);
  if ((handler.flags_ & EventHandler::kLevel) != 0 && !broken("trap16")) leave_level(handler);
}

/// One that hung up would be reported level-triggered for ever. It goes on edge-triggered: there
/// may be bytes left, and the master of a pseudo-terminal can come back to life. A foreign one is
/// silent until set_interest().
void Reactor::leave_level(EventHandler& handler) {
  const int fd = handler.fd_.get();
  engine_->remove(fd);
  handler.flags_ |= EventHandler::kDead;
  if (medium(handler).unseen()) return;
  try {
    engine_->add(fd, handler.generation_, Kind::file, Model::drain, ready::readable);
    handler.flags_ &= ~(EventHandler::kLevel | EventHandler::kDead);
  } catch (const std::system_error& error) {
    fail(handler, error.code().value());
  }
}

/// Those in `list` have a turn, but not who comes to it meanwhile. `flag` says that one is in it.
void Reactor::turn_listed(std::vector<EventHandler*>& list, std::uint32_t flag) {
  std::swap(list, ready_now_);
  for (std::size_t index = 0; index < ready_now_.size(); ++index) {
    EventHandler* handler = ready_now_[index];
    if (handler == nullptr) continue;  // destroyed meanwhile
    handler->flags_ &= ~flag;
    if (handler->fd_) turn(*handler);
  }
  ready_now_.clear();
}

/// Whether `handler` always reads, has nothing to write, and nothing else is to be done with it.
inline bool Reactor::is_usual(const EventHandler& handler) {
  using H = EventHandler;
  constexpr auto kUsual = H::kReadsAlways | H::kNeverAsks;
  constexpr auto kUnusual = H::kListening | H::kConnecting | H::kLevel | H::kNoReading |
                            H::kWantWrite | H::kReadyListed | H::kDiscards | H::kUrgent |
                            H::kObserved;
  return (handler.flags_ & (kUsual | kUnusual)) == kUsual;
}

/// The short way of nearly every turn: the handler is called once, and has exhausted its descriptor
/// then. False when there is more to do. REQUIRES: is_usual(handler).
inline bool Reactor::read_once(EventHandler& handler) {
  using H = EventHandler;
  if ((handler.bits_ & ready::readable) == 0) return true;
  handler.handle_read();
  if ((handler.bits_ & ready::readable) == 0 &&
      (handler.flags_ & (H::kEnded | H::kWantWrite)) == 0) {
    return true;
  }
  ++handler.idle_calls_;  // back to 0 with the next operation
  return false;
}

inline void Reactor::turn(EventHandler& handler) noexcept {
  current_ = &handler;
  turn_left_ = static_cast<std::ptrdiff_t>(options_.turn_bytes);
  now_known_ = false;
  try {
    if (!is_usual(handler) || !read_once(handler)) take_turn(handler);
  } catch (...) {
    recover(handler);
  }
  current_ = nullptr;
}

}  // namespace bunshin
