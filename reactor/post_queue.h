#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace bunshin {

/// Carries functions from other threads into a reactor's thread. Shared, so that a thread may
/// keep its end longer than the reactor lives; every member may be called from any thread.
class PostQueue {
 public:
  using Function = std::function<void()>;

  /// `wake` interrupts the reactor's wait; called under the queue's lock, once for all functions
  /// posted between two calls of take().
  explicit PostQueue(Function wake) : wake_(std::move(wake)) {}

  /// False when the reactor has stopped or is gone: then `function` will not run.
  bool post(Function function);
  /// Moves everything posted so far into `out` (emptied first).
  void take(std::vector<Function>& out);
  /// Lets posted() say true and wakes, for a reactor that could not run all it took.
  void remind();
  /// Whether take() would find something. Cheap: no lock.
  [[nodiscard]] bool posted() const { return posted_.load(std::memory_order_acquire); }
  /// From now on post() answers false. What was posted before is dropped.
  void close();
  /// Accepts again, for a reactor that is run once more.
  void reopen();

 private:
  std::mutex mutex_;
  std::vector<Function> functions_;
  Function wake_;
  bool open_ = true;
  std::atomic<bool> posted_{false};
};

}  // namespace bunshin
