#pragma once

// What round.cpp and turns.cpp ask of every handler: inline, so that a turn in which there is
// little to do costs little.

#include "reactor/reactor.h"

namespace bunshin {

/// Whether something is to be done or asked: without a system call, without a virtual call.
inline bool Reactor::pending(const EventHandler& handler) {
  using H = EventHandler;
  const std::uint32_t flags = handler.flags_;
  if ((handler.bits_ & ready::readable) != 0 && (flags & H::kNoReading) == 0) {
    return true;
  }
  return (handler.bits_ & ready::writable) != 0 && (flags & H::kNoWriting) == 0 &&
         (flags & (H::kNeverAsks | H::kWantWrite)) != H::kNeverAsks;
}

inline bool Reactor::wants_read(EventHandler& handler) {
  using H = EventHandler;
  const std::uint32_t flags = handler.flags_;
  if ((flags & H::kNoReading) != 0) return false;
  return (flags & H::kReadsAlways) != 0 || handler.readable();
}

inline bool Reactor::wants_write(EventHandler& handler) {
  using H = EventHandler;
  const std::uint32_t flags = handler.flags_;
  if ((flags & (H::kNoWriting | H::kListening)) != 0) return false;
  return (flags & H::kWantWrite) != 0 || ((flags & H::kNeverAsks) == 0 && handler.writable());
}

}  // namespace bunshin
