#pragma once

#include <cstddef>
#include <cstdint>

#include "reactor/engine.h"
#include "reactor/io_result.h"
#include "reactor/timers.h"

namespace bunshin {

class EventHandler;

/// What a handler is called for: the virtual functions of EventHandler, and what is done in its
/// name without one.
enum class Callback : std::uint8_t {
  accept,
  read,
  write,
  expt,
  connect,
  connect_error,
  close,
  error,
  finish,
  discard,  ///< its input is read and dropped by the reactor (EventHandler::discard_input)
  other     ///< a Timer of its own, or an answer (Reactor::call_for)
};

/// What a handler did with its descriptor.
enum class Operation : std::uint8_t { receive, send, accept };

/// Watches a reactor: told of everything as it happens (Reactor::observe). Whoever is not watched
/// pays nothing for this; a watched loop takes the long way with each handler, and gives the same
/// results.
///
/// Contract. Called in the reactor's thread, in the middle of things: it must not call the reactor
/// nor change a handler. One that throws is taken off, and the log says so. A handler that is named
/// exists; it may be closed, and its descriptor gone.
class Observer {
 public:
  virtual ~Observer() = default;

  virtual void round_begins(std::uint64_t /*number*/) {}
  /// The wait is over, which might have taken `limit`, and gave so many events.
  virtual void waited(Duration /*limit*/, std::size_t /*events*/) {}
  virtual void round_ends() {}

  /// A descriptor is registered, and no longer; it is open in both cases.
  virtual void opened(const EventHandler& /*handler*/, Kind /*kind*/, Model /*model*/) {}
  virtual void closing(const EventHandler& /*handler*/) {}

  /// The engine told of these bits of `ready`. It may be told again of what is known.
  virtual void ready(const EventHandler& /*handler*/, std::uint8_t /*bits*/) {}

  /// A system call has changed what a level-triggered one is watched for.
  virtual void interest_changed(const EventHandler& /*handler*/) {}

  /// A callback begins; it ends, or else it threw, and Callback::error follows. They nest: a
  /// handler may close another, which is told then.
  virtual void begins(const EventHandler& /*handler*/, Callback /*callback*/) {}
  virtual void ends(const EventHandler& /*handler*/, Callback /*callback*/) {}
  /// What an operation of `asked` bytes came to, as the handler sees it. With IoStatus::exhausted
  /// its readiness is no longer remembered: nothing more until the next edge.
  virtual void did(const EventHandler& /*handler*/, Operation /*operation*/, std::size_t /*asked*/,
                   const IoResult& /*result*/) {}

  /// It was asked, and did not want what is ready: asked again before every wait.
  virtual void parked(const EventHandler& /*handler*/) {}
  /// It was called many times and did nothing; left alone until the next event.
  virtual void stuck(const EventHandler& /*handler*/) {}
  /// The kernel lacked something; tried again after `delay`.
  virtual void starved(const EventHandler& /*handler*/, Duration /*delay*/) {}

  /// Functions posted by others begin to run, timers that are due, and those who corked what they
  /// send.
  virtual void posts_begin(std::size_t /*count*/) {}
  virtual void timers_begin() {}
  virtual void corked_begin(std::size_t /*count*/) {}
};

}  // namespace bunshin
