#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "reactor/engine.h"
#include "reactor/timers.h"

namespace bunshin {

struct ReactorOptions {
  std::string engine;  ///< "auto", or a name of engine_names(); empty: $BUNSHIN_ENGINE, else "auto"
  std::size_t turn_bytes = 256 * 1024;    ///< what a handler may move before the others' turn
  std::size_t scratch_bytes = 64 * 1024;  ///< the most that one recv() lends
  std::size_t wait_events = 256;          ///< the most that one wait reports
  /// For so long the loop polls before it sleeps, while recent waits were no longer than this: a
  /// core that sleeps has to be woken, which costs more than a short wait. 0: never.
  std::chrono::microseconds spin{0};
  EngineOptions engine_options = {};  ///< for engines that receive by themselves
};

/// Counted since the reactor was made.
struct ReactorStats {
  std::uint64_t rounds = 0;
  std::uint64_t events = 0;
  std::uint64_t stale_events = 0;  ///< for descriptors that were closed meanwhile; dropped
  std::uint64_t stuck = 0;         ///< handlers parked because they did nothing when called
  std::uint64_t starved = 0;       ///< accepts that found no descriptor free
  std::uint64_t spins = 0;         ///< waits that began with polling (see ReactorOptions::spin)
  std::uint64_t spin_hits = 0;     ///< of those, the ones that did not have to sleep
  Duration spun{};                 ///< the time that took
};

}  // namespace bunshin
