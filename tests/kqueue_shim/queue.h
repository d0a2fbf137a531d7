#pragma once

#include <sys/event.h>
#include <sys/types.h>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>

namespace bunshin::kqueue_shim {

using Clock = std::chrono::steady_clock;

/// What identifies a filter in its queue, as in kqueue(2).
struct Key {
  std::int16_t filter;
  std::uintptr_t ident;
  auto operator<=>(const Key&) const = default;
};

/// A filter in a queue; the name is the BSD kernels'.
struct Knote {
  struct kevent settings {};
  bool enabled = true;
  bool queued = false;             ///< its key is in the list of active ones
  bool triggered = false;          ///< EVFILT_USER
  std::uint64_t signals_seen = 0;  ///< EVFILT_SIGNAL
  Clock::time_point due;           ///< EVFILT_TIMER, and the next two
  std::chrono::nanoseconds period{0};
};

/// What epoll knows of a descriptor number, and which file that was about.
struct Descriptor {
  dev_t device;
  ino_t inode;
  std::uint32_t generation;
  bool pollable;  ///< false: a regular file; its filters stay on the list and are always asked
};

/// One kqueue. Locked as a whole, but for the time it waits.
class Queue {
 public:
  /// `kq` is an epoll descriptor; its user closes it.
  explicit Queue(int kq);

  /// kevent(2): how many events were stored, or a negative errno.
  int call(std::span<const struct kevent> changes, std::span<struct kevent> out,
           std::optional<Clock::time_point> until);

 private:
  static constexpr std::uint64_t kBell = ~std::uint64_t{0};

  // Changes return an errno value or 0.
  int apply(const struct kevent& change);
  int attach(const struct kevent& change);
  int attach_descriptor(int fd);
  void update(const Key& key, Knote& note, const struct kevent& change);
  void erase(const Key& key);

  void drop_descriptor(int fd);
  bool drop_if_stale(int fd);

  void activate(const Key& key);
  void activate_descriptor(std::uint64_t data, std::uint32_t events);
  int gather();
  std::size_t collect(std::span<struct kevent> out);
  bool report(const Key& key, Knote& note, struct kevent& event);
  void after_report(const Key& key, Knote& note);
  std::optional<Clock::time_point> next_timer() const;
  int sleep(std::unique_lock<std::mutex>& lock, std::optional<Clock::time_point> until);

  const int kq_;
  std::mutex mutex_;
  int waiting_ = 0;  ///< threads in sleep()
  std::uint32_t generation_ = 0;
  std::map<Key, Knote> knotes_;
  std::map<int, Descriptor> descriptors_;
  std::deque<Key> active_;
};

}  // namespace bunshin::kqueue_shim
