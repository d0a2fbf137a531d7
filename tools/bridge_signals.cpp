#include "tools/bridge_signals.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "bridge/changed_lines.h"
#include "reactor/log.h"
#include "reactor/printable.h"

namespace bunshin {

namespace {

/// Null when it has ended already.
BridgeControl* find_bridge(Reactor& reactor) {
  BridgeControl* found = nullptr;
  reactor.for_each([&](EventHandler& handler) {
    if (auto* bridge = dynamic_cast<BridgeControl*>(&handler)) found = bridge;
  });
  return found;
}

constexpr std::size_t kMostTold = 20;  // lines

void tell_changes(const std::vector<std::string>& lines) {
  for (std::size_t index = 0; index < std::min(lines.size(), kMostTold); ++index) {
    log(LogLevel::info, "configuration, line {}", printable(lines[index]));
  }
  if (lines.size() > kMostTold) {
    log(LogLevel::info, "configuration: {} lines more", lines.size() - kMostTold);
  }
}

void read_again(Reactor& reactor, BridgeSignals& signals) {
  BridgeControl* bridge = find_bridge(reactor);
  if (bridge == nullptr) return;
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      reactor.now().time_since_epoch());  // CLOCK_MONOTONIC
  if (signals.reading)
    signals.reading(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n", now.count()));
  try {
    BridgeConfig fresh = signals.read();
    const auto lines = changed_lines(signals.config.source, fresh.source);
    tell_changes(lines);
    if (signals.services != nullptr) signals.services->configure(fresh);
    bridge->configure(fresh);
    signals.config = std::move(fresh);
    log(LogLevel::info, "the configuration was read again{}",
        lines.empty() ? ": nothing has changed" : "");
  } catch (const std::exception& error) {
    log(LogLevel::error, "{}; the configuration stays as it was", error.what());
  }
  if (signals.reading) signals.reading("READY=1\n");
}

void tell(Reactor& reactor, const BridgeSignals& signals) {
  const BridgeControl* bridge = find_bridge(reactor);
  if (bridge == nullptr) return;
  for (const BridgeControl* told : {bridge, static_cast<const BridgeControl*>(signals.services)}) {
    if (told == nullptr) continue;
    for (const std::string& line : told->status()) log(LogLevel::info, "{}", line);
  }
  if (signals.counts) log(LogLevel::info, "{}", signals.counts());
}

}  // namespace

void watch_bridge_signals(Reactor& reactor, BridgeSignals signals) {
  auto shared = std::make_shared<BridgeSignals>(std::move(signals));
  reactor.on_signal(SIGHUP, [&reactor, shared] { read_again(reactor, *shared); });
  reactor.on_signal(SIGUSR1, [&reactor, shared] { tell(reactor, *shared); });
}

}  // namespace bunshin
