#include "reactor/loop_meter.h"

#include <algorithm>
#include <typeinfo>
#include <utility>

#include "reactor/event_handler.h"
#include "reactor/host.h"
#include "reactor/log.h"

namespace bunshin {

std::map<std::string, LoopMeter::Cost> LoopMeter::costs() const {
  std::map<std::string, Cost> by_name;
  for (const auto& [type, cost] : costs_) {
    Cost& its = by_name[demangled(type.name())];
    its.calls += cost.calls;
    its.total += cost.total;
    if (cost.slowest < its.slowest) continue;
    its.slowest = cost.slowest;
    its.callback = cost.callback;
  }
  return by_name;
}

Duration LoopMeter::mean_lag() const {
  return rounds_ == 0 ? Duration::zero() : all_lags_ / static_cast<std::int64_t>(rounds_);
}

void LoopMeter::reset() {
  costs_.clear();
  longest_lag_ = all_lags_ = {};
  rounds_ = 0;
}

void LoopMeter::waited(Duration, std::size_t) { woken_ = host_.now(); }

void LoopMeter::round_ends() {
  const Duration lag = host_.now() - woken_;
  longest_lag_ = std::max(longest_lag_, lag);
  all_lags_ += lag;
  ++rounds_;
  running_.clear();
}

/// One that threw is not told to end: it ends with the handle_error that follows.
void LoopMeter::begins(const EventHandler& handler, Callback callback) {
  const TimePoint now = host_.now();
  if (callback == Callback::error && !running_.empty() && running_.back().handler == &handler) {
    add(running_.back(), now);
    running_.pop_back();
  }
  running_.push_back({&handler, callback, now});
}

void LoopMeter::ends(const EventHandler& handler, Callback callback) {
  while (!running_.empty()) {
    const Running last = running_.back();
    running_.pop_back();
    if (last.handler != &handler || last.callback != callback) continue;
    return add(last, host_.now());
  }
}

void LoopMeter::add(const Running& over, TimePoint now) {
  Cost& cost = costs_[typeid(*over.handler)];
  const Duration took = now - over.since;
  ++cost.calls;
  cost.total += took;
  if (took <= cost.slowest && cost.calls > 1) return;
  cost.slowest = took;
  cost.callback = over.callback;
}

}  // namespace bunshin
