#include "bridge/service_notifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace bunshin {
namespace {

/// How late a status may be.
constexpr Duration kStatusInterval = std::chrono::seconds(5);

}  // namespace

ServiceNotifier::ServiceNotifier(Reactor& reactor, ServiceManager& manager,
                                 std::function<std::string()> status)
    : EventHandler(reactor),
      manager_(manager),
      status_(std::move(status)),
      interval_(manager.watchdog() ? std::min<Duration>(*manager.watchdog() / 2, kStatusInterval)
                                   : kStatusInterval) {
  unref();
  if (manager_.listens()) timer_.arm(Duration::zero());
}

void ServiceNotifier::tick() {
  std::string lines;
  if (!std::exchange(ready_, true)) lines += "READY=1\n";
  if (manager_.watchdog()) lines += "WATCHDOG=1\n";
  std::string status = status_();
  if (status != told_) lines += fmt::format("STATUS={}\n", status);
  told_ = std::move(status);
  if (!lines.empty()) manager_.notify(lines);
  timer_.arm(interval_);
}

}  // namespace bunshin
