#include "reactor/event_handler.h"

#include <exception>
#include <typeinfo>

#include "reactor/error.h"
#include "reactor/log.h"
#include "reactor/reactor.h"

namespace bunshin {

EventHandler::EventHandler(Reactor& reactor) : reactor_(&reactor) { reactor.meet(); }

EventHandler::~EventHandler() { reactor_->forget(*this); }

void EventHandler::handle_connect_error(int error) { throw_error(error, "cannot connect"); }

/// A server without its socket is none: better ended, and started again by whoever watches over it.
void EventHandler::handle_close() {
  if ((flags_ & kListening) != 0 && error_ != 0) {
    reactor_->post([error = error_] { throw_error(error, "cannot accept connections any more"); });
  }
  close();
}

void EventHandler::handle_error() {
  try {
    throw;
  } catch (const std::exception& error) {
    log(LogLevel::error, "{}", error.what());
  } catch (...) {
    log(LogLevel::error, "{} threw something that is no std::exception", class_name(typeid(*this)));
  }
}

bool EventHandler::readable() {
  flags_ |= kReadsAlways;
  return true;
}

bool EventHandler::writable() {
  flags_ |= kNeverAsks;
  return false;
}

void EventHandler::pause_reading() {
  flags_ |= kPaused;
  reactor_->reconsider(*this);
}

void EventHandler::resume_reading() {
  flags_ &= ~(kPaused | kStuck);
  reactor_->reconsider(*this);
}

void EventHandler::discard_input() {
  if (fd_ && !reactor_->medium(*this).is_socket()) return pause_reading();
  flags_ |= kDiscards;
  resume_reading();
}

bool EventHandler::reading_paused() const { return (flags_ & kPaused) != 0; }

void EventHandler::want_write(bool wanted) {
  flags_ = wanted ? (flags_ | kWantWrite) & ~kStuck : flags_ & ~kWantWrite;
  reactor_->reconsider(*this);
}

void EventHandler::unref() {
  constexpr auto kCounted = kOwned | kClosed | kInternal;
  if ((flags_ & kCounted) == kOwned) --reactor_->keeping_alive_;
  flags_ |= kInternal;
}

void EventHandler::close() { reactor_->close(*this); }

void EventHandler::fail(int error) {
  if (fd_) reactor_->fail(*this, error);
}

void EventHandler::disconnect() { reactor_->detach(*this); }

}  // namespace bunshin
