#pragma once

#include <algorithm>
#include <chrono>

#include "reactor/timers.h"

namespace bunshin {

/// Until when those handlers wait for which the kernel lacked something: a descriptor, memory. A
/// part of the reactor, which knows who they are.
class Starvation {
 public:
  /// Somebody starves, and is to try again at `retry`, with all others.
  void begin(TimePoint retry) { until_ = std::min(until_, retry); }
  /// Nobody is left who starves.
  void end() { until_ = TimePoint::max(); }
  /// Something has become free: whoever starves tries at once.
  void relieve() {
    if (anybody()) until_ = {};
  }
  [[nodiscard]] bool anybody() const { return until_ != TimePoint::max(); }
  [[nodiscard]] TimePoint until() const { return until_; }
  /// Whether all try again now; they do not starve any more then.
  bool is_over(TimePoint now) {
    if (now < until_) return false;
    end();
    return true;
  }
  /// Whether the log is to be told: the first time, and every ten seconds at most.
  bool is_news(TimePoint now) {
    if (told_ != TimePoint{} && now - told_ < kTellPeriod) return false;
    told_ = now;
    return true;
  }

 private:
  static constexpr auto kTellPeriod = std::chrono::seconds(10);
  TimePoint until_ = TimePoint::max();
  TimePoint told_{};
};

}  // namespace bunshin
