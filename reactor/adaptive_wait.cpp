#include "reactor/adaptive_wait.h"

#include <algorithm>

#include "reactor/host.h"

namespace bunshin {

std::size_t AdaptiveWait::wait(Engine& engine, Host& host, Duration limit, std::span<Event> events,
                               ReactorStats& stats, const std::function<bool()>& woken) {
  const TimePoint start = host.now();
  TimePoint time = start;
  std::size_t count = 0;
  bool found = false;
  if (recent_ <= spin_) {
    ++stats.spins;
    const TimePoint until = start + std::min(spin_, limit);
    do {
      count = engine.wait(Duration::zero(), events);
      found = count > 0 || woken();
      time = host.now();
    } while (!found && time < until);
    stats.spun += time - start;
    if (found) ++stats.spin_hits;
  }
  if (!found && (limit == Engine::kForever || time - start < limit)) {
    count = engine.wait(limit == Engine::kForever ? limit : limit - (time - start), events);
    time = host.now();
  }
  // One long wait must not end the spinning, nor one short wait begin it.
  recent_ += (std::min<Duration>(time - start, 8 * spin_) - recent_) / 8;
  return count;
}

}  // namespace bunshin
