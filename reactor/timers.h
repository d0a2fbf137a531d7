#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace bunshin {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC: setting the date moves no timer
using TimePoint = Clock::time_point;
using Duration = std::chrono::nanoseconds;

/// Names one timer. A default-made one names none. A name is never used twice, so a stale one
/// is harmless: what it names is simply not there.
struct TimerId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  explicit operator bool() const { return generation != 0; }
  bool operator==(const TimerId&) const = default;
};

/// The timers of one reactor: a 4-ary heap of deadlines. Moving a timer later, as an idle
/// time-out does with every message, costs no heap work: the heap keeps the old, earlier key and
/// corrects it when that comes to the top. Only add() needs memory: when there is none it throws
/// std::bad_alloc, and nothing has changed. One thread.
class TimerHeap {
 public:
  using Callback = std::function<void()>;

  /// `interval` zero: one-shot. Deadlines may lie centuries ahead.
  TimerId add(TimePoint deadline, Duration interval, Callback callback);
  /// False when the timer has fired for the last time or was cancelled. O(log n).
  bool cancel(TimerId id) noexcept;
  /// Moves the next firing. False when the timer is gone. O(1) when moved later.
  bool rearm(TimerId id, TimePoint deadline) noexcept;

  /// When the next timer is due; nothing when there is none.
  std::optional<TimePoint> next() noexcept;
  /// Runs the callbacks of all that are due at `now`, in the order of their deadlines. Those armed
  /// meanwhile wait for the next call. Callbacks may add, cancel and re-arm any timer. An exception
  /// leaves by here; the timers not yet run stay due.
  void run_due(TimePoint now);

  [[nodiscard]] std::size_t size() const { return heap_.size() + due_.size() - due_done_; }
  [[nodiscard]] bool empty() const { return heap_.empty() && due_.empty(); }
  /// Heap entries moved so far: what the operations have cost, for tests and measurements.
  [[nodiscard]] std::uint64_t moves() const { return moves_; }

 private:
  static constexpr std::uint32_t kNotInHeap = UINT32_MAX;
  struct Slot {
    Callback callback;
    TimePoint deadline;
    Duration interval{};
    std::uint32_t position = kNotInHeap;
    std::uint32_t generation = 1;
    bool armed = false;
  };
  struct Entry {
    TimePoint key;
    std::uint32_t order;  // of arming: equal deadlines fire first come, first served
    std::uint32_t slot;
    bool operator<(const Entry& other) const {
      return key != other.key ? key < other.key
                              : static_cast<std::int32_t>(order - other.order) < 0;
    }
  };

  void grow();
  Slot* find(TimerId id) noexcept;
  void insert(std::uint32_t slot) noexcept;
  void remove_at(std::size_t position) noexcept;
  void place(std::size_t position, const Entry& entry) noexcept;
  void sift_up(std::size_t position, const Entry& entry) noexcept;
  void sift_down(std::size_t position, const Entry& entry) noexcept;
  void free_slot(std::uint32_t slot) noexcept;
  [[nodiscard]] bool waits_to_fire(TimerId id) noexcept;
  void fire(TimerId id, TimePoint now);

  std::vector<Slot> slots_;  // the others have room for as many
  std::vector<std::uint32_t> free_;
  std::vector<Entry> heap_;
  std::vector<TimerId> due_;  // taken off the heap by run_due, about to be called
  std::size_t due_done_ = 0;
  std::uint32_t order_ = 0;
  std::uint64_t moves_ = 0;
};

}  // namespace bunshin
