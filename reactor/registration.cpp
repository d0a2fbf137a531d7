// Which handlers there are, and which descriptor is whose.

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "reactor/broken.h"
#include "reactor/error.h"
#include "reactor/foreign_watch.h"
#include "reactor/host.h"
#include "reactor/log.h"
#include "reactor/reactor.h"
#include "reactor/standard_stream.h"
#include "reactor/watching.h"

namespace bunshin {

void Reactor::own(std::unique_ptr<EventHandler> handler) {
  if ((handler->flags_ & EventHandler::kOwned) != 0 || &handler->reactor() != this) {
    throw std::logic_error("a handler is adopted once, by the reactor it was made with");
  }
  EventHandler& owned = *handler;
  handlers_.push_back(std::move(handler));
  owned.flags_ |= EventHandler::kOwned;
  owned.slot_ = static_cast<std::uint32_t>(handlers_.size() - 1);
  if (owned.closed()) closed_.push_back(&owned);
  if ((owned.flags_ & (EventHandler::kInternal | EventHandler::kClosed)) == 0) ++keeping_alive_;
}

/// Every handler that exists has its place in each list: what lists one must not fail.
void Reactor::meet() {
  const std::size_t count = met_ + 1;
  for (auto* list : {&closed_, &ready_, &ready_now_, &parked_, &held_, &corked_}) {
    if (list->capacity() < count) list->reserve(std::max<std::size_t>(16, 2 * count));
  }
  met_ = count;
}

void Reactor::for_each(const std::function<void(EventHandler&)>& function) {
  for (std::size_t index = 0; index < handlers_.size(); ++index) {
    if (!handlers_[index]->closed()) function(*handlers_[index]);
  }
}

std::map<std::string, std::size_t> Reactor::count_by_class() {
  std::map<std::string, std::size_t> counts;
  for_each([&counts](EventHandler& handler) {
    if (handler.has_ref()) ++counts[class_name(typeid(handler)).text()];
  });
  return counts;
}

EventHandler*& Reactor::at(int fd) {
  const auto number = static_cast<std::size_t>(fd);
  if (number >= by_descriptor_.size()) by_descriptor_.resize(number + 1, &nobody_);
  return by_descriptor_[number];
}

void Reactor::enroll(EventHandler& handler, UniqueFd fd, Kind kind, Model model, Sort sort,
                     std::uint32_t phase) {
  using H = EventHandler;
  if (handler.fd_ || handler.closed()) {
    throw std::logic_error("a handler has one descriptor at a time, and none once it is closed");
  }
  if (!fd) throw_error(EBADF, "cannot watch a descriptor that is not open");
  Medium* const carrier = model == Model::remembered ? engine_->carries(kind) : nullptr;
  if (carrier != nullptr) {
    sort = Sort::carried;
    media_[static_cast<std::size_t>(sort)] = carrier;
  }
  std::uint32_t flags = phase | (handler.flags_ & (H::kLasting | H::kAskedBefore));
  if (kind == Kind::listener) flags |= H::kListening;
  if (sort != Sort::stream || !plain_streams_) flags |= H::kOtherwise;
  if (sort == Sort::stream && kind == Kind::inet_stream && model == Model::remembered) {
    flags |= engine_->needs_rearm() ? H::kShortIsEmpty : H::kTrustsShort;
  }
  if (sort == Sort::file && broken("trap02")) flags |= H::kShortIsEmpty;
  if (model == Model::level) flags |= H::kLevel;
  if (engine_->needs_rearm()) flags |= H::kRearms;
  if (observer_ != nullptr) flags |= H::kObserved;
  if (++last_generation_ == 0) last_generation_ = 1;
  const bool connecting = (flags & H::kConnecting) != 0;
  const std::uint8_t interest = connecting ? ready::writable : ready::readable | ready::urgent;
  try {
    EventHandler*& place = at(fd.get());
    if (sort != Sort::regular_file) {
      engine_->add(fd.get(), last_generation_, kind, model, interest);
    }
    place = &handler;
  } catch (...) {
    if (sort == Sort::foreign) (void)fd.release();
    throw;
  }
  handler.fd_ = std::move(fd);
  handler.sort_ = sort;
  handler.generation_ = last_generation_;
  handler.flags_ = flags;
  handler.error_ = 0;
  handler.idle_calls_ = 0;
  handler.interest_ = interest;
  // A connected socket is writable: known without being told, so a first answer can leave at once.
  const bool writable = !connecting && kind != Kind::file && kind != Kind::listener;
  handler.bits_ = writable ? ready::writable : 0;
  tell(&Observer::opened, handler, kind, model);
}

void Reactor::add(EventHandler& handler, UniqueFd fd, Kind kind, Model model) {
  if (kind == Kind::file) {
    add_file(handler, std::move(fd), model, Sort::file);
  } else {
    enroll(handler, std::move(fd), kind, model, Sort::stream);
  }
}

void Reactor::add_blocking(EventHandler& handler, UniqueFd fd) {
  add_file(handler, std::move(fd), Model::remembered, Sort::blocking_file);
}

void Reactor::add_file(EventHandler& handler, UniqueFd fd, Model model, Sort sort) {
  const Nature nature = host_.examine(fd.get());
  if (nature.never_waits && !broken("trap08")) sort = Sort::regular_file;
  enroll(handler, std::move(fd), Kind::file, model, sort);
  if (!medium(handler).always_ready()) return;
  handler.bits_ = nature.write_only ? ready::writable : ready::readable | ready::writable;
  list_ready(handler);
}

Reactor::ForeignWatch& Reactor::watch_foreign(int fd, std::uint8_t interest,
                                              std::function<void(std::uint8_t)> function) {
  auto& watch = emplace<ForeignWatch>(std::move(function));
  try {
    enroll(watch, UniqueFd(fd), Kind::file, Model::level, Sort::foreign);
    watch.set_interest(interest);
  } catch (...) {
    watch.close();
    throw;
  }
  return watch;
}

void Reactor::ForeignWatch::set_interest(std::uint8_t interest) {
  if ((flags_ & kDead) != 0) {
    reactor_->engine_->add(fd_.get(), generation_, Kind::file, Model::level, 0);
    flags_ &= ~kDead;
    bits_ = interest_ = 0;
  }
  flags_ |= kReadsAlways | kNeverAsks;
  flags_ = (interest & ready::readable) != 0 ? flags_ & ~kPaused : flags_ | kPaused;
  flags_ = (interest & ready::writable) != 0 ? flags_ | kWantWrite : flags_ & ~kWantWrite;
  reactor_->reconsider(*this);
}

/// Ends the registration; the descriptor stays open.
UniqueFd Reactor::take_out(EventHandler& handler) noexcept {
  const int fd = handler.fd_.get();
  tell(&Observer::closing, handler);
  at(fd) = &nobody_;
  const bool watched =
      !medium(handler).always_ready() && (handler.flags_ & EventHandler::kDead) == 0;
  if (watched && !broken("trap06")) engine_->remove(fd);
  handler.flags_ &= EventHandler::kLasting;
  if (!broken("trap05")) handler.bits_ = 0;
  handler.generation_ = 0;
  handler.sort_ = Sort::none;
  starvation_.relieve();  // a number is free
  return std::move(handler.fd_);
}

void Reactor::detach(EventHandler& handler) noexcept {
  if (!handler.fd_) return;
  Medium& its = medium(handler);
  its.close(take_out(handler).release());
}

UniqueFd Reactor::release(EventHandler& handler) {
  return handler.fd_ ? take_out(handler) : UniqueFd();
}

void Reactor::close(EventHandler& handler) noexcept {
  if (handler.closed()) return;
  detach(handler);
  handler.flags_ |= EventHandler::kClosed;
  if ((handler.flags_ & EventHandler::kOwned) == 0) return;
  closed_.push_back(&handler);
  if ((handler.flags_ & EventHandler::kInternal) == 0) --keeping_alive_;
}

/// Called when a handler is destroyed: nothing may refer to it any more.
void Reactor::forget(EventHandler& handler) noexcept {
  if (&handler == current_) {
    // Would go on in freed memory. Checked in release builds too.
    standard_error().write("bunshin: a handler was destroyed in its own callback; call close()\n");
    std::abort();
  }
  if ((handler.flags_ & (EventHandler::kOwned | EventHandler::kClosed | EventHandler::kInternal)) ==
      EventHandler::kOwned) {
    --keeping_alive_;
  }
  detach(handler);
  if ((handler.flags_ & (EventHandler::kReadyListed | EventHandler::kCorked)) != 0) {
    std::erase(ready_, &handler);
    std::erase(corked_, &handler);
    std::replace(ready_now_.begin(), ready_now_.end(), &handler,
                 static_cast<EventHandler*>(nullptr));
  }
  if ((handler.flags_ & EventHandler::kAskListed) != 0) std::erase(parked_, &handler);
  if ((handler.flags_ & EventHandler::kHeld) != 0) std::erase(held_, &handler);
  if (parked_.empty() && !broken("starved")) starvation_.end();
  --met_;
}

void Reactor::bury() {
  while (!closed_.empty()) {
    EventHandler* handler = closed_.back();
    closed_.pop_back();
    const std::uint32_t slot = handler->slot_;
    const auto owned = std::move(handlers_[slot]);
    if (slot + 1 != handlers_.size()) {
      handlers_[slot] = std::move(handlers_.back());
      handlers_[slot]->slot_ = slot;
    }
    handlers_.pop_back();
  }
}

}  // namespace bunshin
