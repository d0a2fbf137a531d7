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
/// by the engine. Used in one thread, which is the one that first enters; only wake() is for any.
class UringRing {
 public:
  enum class Op : std::uint8_t { receive, send, accept, poll, wake, linger, ignored };

  /// What the kernel says of an operation.
  struct Completion {
    Op op;
    int fd;
    Generation generation;
    int result;           ///< bytes or a descriptor; a negated errno
    std::uint32_t flags;  ///< IORING_CQE_F_…
    [[nodiscard]] bool last() const { return (flags & IORING_CQE_F_MORE) == 0; }
  };

  /// Throws std::system_error with what the kernel lacks.
  UringRing();
  ~UringRing();
  UringRing(const UringRing&) = delete;
  UringRing& operator=(const UringRing&) = delete;

  /// Receives into the buffers of `group` until it is cancelled, fails or the peer ends.
  void receive(int fd, Generation generation, int group);
  /// Accepts until it is cancelled or fails.
  void accept(int fd, Generation generation);
  /// `data` must stay until the completion. Completes when all is sent.
  void send(int fd, Generation generation, std::string_view data);
  /// `mask` as for poll(2). Repeated: reports every edge; else once, whatever is the case.
  void poll(int fd, Generation generation, unsigned mask, bool repeated);
  /// Completes after `limit`, which must stay until then.
  void linger(int fd, Generation generation, const __kernel_timespec& limit);
  /// Ends an operation, which completes with ECANCELED, unless it completes as it would have.
  void cancel(Op op, int fd, Generation generation);

  /// Hands over what was prepared and waits for a completion, with one system call. Throws
  /// std::system_error when the kernel refuses, not for EINTR.
  void enter(Engine::Timeout timeout);
  /// Takes one completion; false when there is none. Wake-ups are dealt with here.
  bool next(Completion& completion);
  /// Ends an enter(). Any thread.
  void wake() noexcept;

  [[nodiscard]] io_uring& raw() { return ring_; }

 private:
  void enable();
  io_uring_sqe* entry();
  void arm_wake();

  io_uring ring_{};
  UniqueFd wake_;
  std::uint64_t wakes_ = 0;  // written by the kernel
  bool enabled_ = false;
};

}  // namespace bunshin
