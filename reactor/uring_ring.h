#pragma once

#include <liburing.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "reactor/engine.h"
#include "reactor/unique_fd.h"

namespace bunshin {

/// An io_uring and the operations the engine hands to it; they start with the next enter(). Owned
/// by the engine. Used in one thread, which is the one that enables it; only wake() is for any.
///
/// What starts or ends an operation returns false when no entry is free and the kernel takes none
/// of those before it just now: to be tried again after the next enter(). None of them throws.
class UringRing {
 public:
  enum class Op : std::uint8_t { receive, send, accept, poll, wake, linger, pause, ignored };

  /// What the kernel says of an operation.
  struct Completion {
    Op op;
    int fd;
    Generation generation;
    int result;           ///< bytes or a descriptor; a negated errno
    std::uint32_t flags;  ///< IORING_CQE_F_…
    [[nodiscard]] bool last() const { return (flags & IORING_CQE_F_MORE) == 0; }
  };

  /// With room for `entries` operations that have not been handed over, and for 16 times as many
  /// completions; the kernel keeps what exceeds that. Throws std::system_error with what it lacks.
  explicit UringRing(unsigned entries);
  ~UringRing();
  UringRing(const UringRing&) = delete;
  UringRing& operator=(const UringRing&) = delete;

  /// Receives into the buffers of `group` until it is cancelled, fails or the peer ends.
  [[nodiscard]] bool receive(int fd, Generation generation, int group) noexcept;
  /// Accepts until it is cancelled or fails.
  [[nodiscard]] bool accept(int fd, Generation generation) noexcept;
  /// `data` must stay until the completion. Completes when all is sent.
  [[nodiscard]] bool send(int fd, Generation generation, std::string_view data) noexcept;
  /// `mask` as for poll(2). Repeated: reports every edge; else once, whatever is the case.
  [[nodiscard]] bool poll(int fd, Generation generation, unsigned mask, bool repeated) noexcept;
  /// Completes after `limit`, which must stay until then. `op`: linger or pause.
  [[nodiscard]] bool time(Op op, int fd, Generation generation,
                          const __kernel_timespec& limit) noexcept;
  /// Ends an operation, which completes with ECANCELED, unless it completes as it would have.
  [[nodiscard]] bool cancel(Op op, int fd, Generation generation) noexcept;

  /// Makes the ring the calling thread's. Throws std::system_error when it is another's.
  void enable() {
    if (!enabled_) enable_now();
  }
  /// Hands over what was prepared and waits for a completion, with one system call. Returns 0, or
  /// the errno of a failure that may pass. Throws std::system_error when the ring is not ours.
  int enter(Engine::Timeout timeout);
  /// Takes one completion; false when there is none. Wake-ups are dealt with here.
  bool next(Completion& completion);
  /// Ends an enter(). Any thread.
  void wake() noexcept;

  [[nodiscard]] io_uring& raw() { return ring_; }

 private:
  void enable_now();
  io_uring_sqe* entry() noexcept;
  io_uring_cqe* peek();
  template <typename Prepare>
  bool start(Op op, int fd, Generation generation, Prepare prepare) noexcept;
  bool arm_wake() noexcept;

  io_uring ring_{};
  UniqueFd wake_;
  std::uint64_t wakes_ = 0;  // written by the kernel
  bool wake_armed_ = false;
  bool enabled_ = false;
};

}  // namespace bunshin
