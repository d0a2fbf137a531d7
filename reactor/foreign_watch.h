#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "reactor/reactor.h"

namespace bunshin {

/// See Reactor::watch_foreign.
class Reactor::ForeignWatch : public EventHandler {
 public:
  ForeignWatch(Reactor& reactor, std::function<void(std::uint8_t)> function)
      : EventHandler(reactor), function_(std::move(function)) {}
  /// What of `ready` it waits for from now on. Throws std::system_error.
  void set_interest(std::uint8_t interest);
  void handle_read() override { function_(ready::readable); }
  void handle_write() override { function_(ready::writable); }

 private:
  std::function<void(std::uint8_t)> function_;
};

}  // namespace bunshin
