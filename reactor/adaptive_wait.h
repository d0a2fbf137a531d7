#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "reactor/engine.h"
#include "reactor/reactor_options.h"

namespace bunshin {

class Host;

/// Polls before it sleeps, while recent waits were short (ReactorOptions::spin): where waits are
/// long, or nothing comes at all, the loop sleeps as it would without. A part of the reactor.
class AdaptiveWait {
 public:
  explicit AdaptiveWait(Duration spin) : spin_(spin) {}
  [[nodiscard]] bool spins() const { return spin_ > Duration::zero(); }
  /// Engine::wait. `woken`: whether there is something else to do meanwhile. REQUIRES: spins().
  std::size_t wait(Engine& engine, Host& host, Duration limit, std::span<Event> events,
                   ReactorStats& stats, const std::function<bool()>& woken);

 private:
  Duration spin_;
  Duration recent_{};  // a moving average of what waits took
};

}  // namespace bunshin
