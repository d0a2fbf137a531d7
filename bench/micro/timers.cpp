// What do the operations on timers cost when a million are armed? No engine has a part in it.

#include "reactor/timers.h"

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "bench/micro/support.h"

namespace bunshin::micro {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr std::size_t kArmed = 1'000'000;
constexpr std::size_t kBatch = 10'000;
constexpr seconds kTimeout(60);

/// A million timers, as many connections have their idle time-outs: spread over a minute.
class Timers {
 public:
  Timers() {
    for (std::size_t i = 0; i < kArmed; ++i) ids.push_back(arm(deadline()));
  }
  TimerId arm(TimePoint when) {
    return heap.add(when, {}, [] {});
  }
  TimePoint deadline() { return start + microseconds(delay_(random_)); }
  /// One of the million.
  TimerId& any() { return ids[index_(random_)]; }

  const TimePoint start = Clock::now();
  TimerHeap heap;
  std::vector<TimerId> ids;

 private:
  std::mt19937 random_{1};
  std::uniform_int_distribution<std::int64_t> delay_{0, microseconds(kTimeout).count()};
  std::uniform_int_distribution<std::size_t> index_{0, kArmed - 1};
};

void arm(benchmark::State& state) {
  Timers timers;
  std::vector<TimePoint> deadlines(kBatch);
  std::vector<TimerId> batch(kBatch);
  while (state.KeepRunningBatch(kBatch)) {
    for (TimePoint& deadline : deadlines) deadline = timers.deadline();
    const Stopwatch watch;
    for (std::size_t i = 0; i < kBatch; ++i) batch[i] = timers.arm(deadlines[i]);
    state.SetIterationTime(watch.seconds());
    for (const TimerId id : batch) timers.heap.cancel(id);
  }
}

void cancel(benchmark::State& state) {
  Timers timers;
  std::vector<TimerId*> chosen(kBatch);
  while (state.KeepRunningBatch(kBatch)) {
    for (TimerId*& id : chosen) id = &timers.any();
    const Stopwatch watch;
    for (const TimerId* id : chosen) timers.heap.cancel(*id);
    state.SetIterationTime(watch.seconds());
    for (TimerId* id : chosen) {
      timers.heap.cancel(*id);  // chosen twice, it is armed again already
      *id = timers.arm(timers.deadline());
    }
  }
}

void rearm_later(benchmark::State& state) {
  Timers timers;
  std::vector<TimerId> chosen(kBatch);
  auto deadline = timers.start + kTimeout;
  while (state.KeepRunningBatch(kBatch)) {
    for (TimerId& id : chosen) id = timers.any();
    deadline += microseconds(1);
    const Stopwatch watch;
    for (const TimerId id : chosen) timers.heap.rearm(id, deadline);
    state.SetIterationTime(watch.seconds());
  }
}

/// What a message costs that puts its connection's time-out off, with what the heap has to put
/// right afterwards: a million connections, each with ten messages in the time of a time-out.
void idle_timeouts(benchmark::State& state) {
  Timers timers;
  constexpr Duration kBetweenMessages = Duration(kTimeout) / (10 * kArmed);
  TimePoint now = timers.start;
  std::size_t next = 0;
  const std::uint64_t moves_before = timers.heap.moves();
  while (state.KeepRunningBatch(kBatch)) {
    const Stopwatch watch;
    for (std::size_t i = 0; i < kBatch; ++i) {
      timers.heap.rearm(timers.ids[next], now + kTimeout);
      next = (next + 1) % kArmed;
      now += kBetweenMessages;
      if (i % 100 == 0) timers.heap.run_due(now);  // as many messages a round
    }
    state.SetIterationTime(watch.seconds());
  }
  state.counters["heap_moves"] = benchmark::Counter(
      static_cast<double>(timers.heap.moves() - moves_before), benchmark::Counter::kAvgIterations);
}

}  // namespace

void ask_timers() {
  ask("timer_arm/1000000", arm, set_manual_time);
  ask("timer_rearm_later/1000000", rearm_later, set_manual_time);
  ask("timer_cancel/1000000", cancel, set_manual_time);
  ask("timer_idle_timeouts/1000000", idle_timeouts, set_manual_time);
}

}  // namespace bunshin::micro
