#include "reactor/uring_ring.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "reactor/error.h"

namespace bunshin {

namespace {

constexpr unsigned kMostEntries = 2048;
/// Completions for each entry: every connection may have one under way, and few of them an entry.
constexpr unsigned kCompletionsPerEntry = 16;

/// What a completion is about travels as one number.
std::uint64_t user_data(UringRing::Op op, int fd, Generation generation) {
  return std::uint64_t{generation} << 32 | std::uint64_t{static_cast<std::uint32_t>(fd)} << 3 |
         static_cast<std::uint8_t>(op);
}

[[noreturn]] void throw_cannot_make(int error) {
  throw_error(error,
              "cannot make an io_uring (Linux 6.1 is needed, kernel.io_uring_disabled and "
              "seccomp must allow it, and RLIMIT_MEMLOCK must leave room)");
}

[[noreturn]] void throw_not_ours(int error) {
  throw_error(error,
              "an io_uring belongs to the thread that ran its first round (is this a forked "
              "process, or another thread?)");
}

}  // namespace

UringRing::UringRing(unsigned entries) : wake_(::eventfd(0, EFD_CLOEXEC)) {
  if (!wake_) throw_error(errno, "cannot make an eventfd");
  io_uring_params parameters{};
  // Without the last two it was measured slower than epoll. R_DISABLED: the ring belongs to the
  // thread that enables it, and that is the one that runs the loop.
  parameters.flags = IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER |
                     IORING_SETUP_DEFER_TASKRUN;
  parameters.cq_entries = kCompletionsPerEntry * entries;
  if (entries == 0 || entries > kMostEntries) {
    throw_error(EINVAL, "io_uring: there must be from 1 to 2048 entries");
  }
  const int result = io_uring_queue_init_params(entries, &ring_, &parameters);
  if (result < 0) throw_cannot_make(-result);
  // Sandboxes may refuse io_uring_enter(2) alone. A ring that is not enabled answers EBADFD.
  if (::syscall(SYS_io_uring_enter, ring_.ring_fd, 0, 0, 0, nullptr, 0) < 0 && errno != EBADFD) {
    const int error = errno;
    io_uring_queue_exit(&ring_);
    throw_cannot_make(error);
  }
}

UringRing::~UringRing() { io_uring_queue_exit(&ring_); }

void UringRing::enable_now() {
  // Not by liburing: 2.3 forgot to export io_uring_enable_rings.
  if (::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) <
      0) {
    throw_not_ours(errno);
  }
  enabled_ = true;
}

io_uring_sqe* UringRing::entry() noexcept {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr && enabled_) [[unlikely]] {  // the queue is full: hand it over
    io_uring_submit(&ring_);
    sqe = io_uring_get_sqe(&ring_);
  }
  return sqe;
}

template <typename Prepare>
bool UringRing::start(Op op, int fd, Generation generation, Prepare prepare) noexcept {
  io_uring_sqe* const sqe = entry();
  if (sqe == nullptr) [[unlikely]]
    return false;
  prepare(sqe);
  sqe->user_data = user_data(op, fd, generation);
  return true;
}

bool UringRing::receive(int fd, Generation generation, int group) noexcept {
  return start(Op::receive, fd, generation, [=](io_uring_sqe* sqe) {
    io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = static_cast<std::uint16_t>(group);
  });
}

bool UringRing::accept(int fd, Generation generation) noexcept {
  return start(Op::accept, fd, generation, [=](io_uring_sqe* sqe) {
    io_uring_prep_multishot_accept(sqe, fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  });
}

bool UringRing::send(int fd, Generation generation, std::string_view data) noexcept {
  return start(Op::send, fd, generation, [=](io_uring_sqe* sqe) {
    io_uring_prep_send(sqe, fd, data.data(), data.size(), MSG_NOSIGNAL | MSG_WAITALL);
  });
}

bool UringRing::poll(int fd, Generation generation, unsigned mask, bool repeated) noexcept {
  return start(Op::poll, fd, generation, [=](io_uring_sqe* sqe) {
    io_uring_prep_poll_add(sqe, fd, mask);
    if (repeated) sqe->len = IORING_POLL_ADD_MULTI;
  });
}

bool UringRing::time(Op op, int fd, Generation generation,
                     const __kernel_timespec& limit) noexcept {
  return start(op, fd, generation, [&limit](io_uring_sqe* sqe) {
    io_uring_prep_timeout(sqe, const_cast<__kernel_timespec*>(&limit), 0, 0);  // only read
  });
}

bool UringRing::cancel(Op op, int fd, Generation generation) noexcept {
  return start(Op::ignored, fd, 0, [=](io_uring_sqe* sqe) {
    io_uring_prep_cancel64(sqe, user_data(op, fd, generation), 0);
  });
}

bool UringRing::arm_wake() noexcept {
  return start(Op::wake, 0, 0, [this](io_uring_sqe* sqe) {
    io_uring_prep_read(sqe, wake_.get(), &wakes_, sizeof wakes_, 0);
  });
}

void UringRing::wake() noexcept {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

int UringRing::enter(Engine::Timeout timeout) {
  if (!wake_armed_) wake_armed_ = arm_wake();
  int result = 0;
  if (timeout == Engine::Timeout::zero() || !wake_armed_) {
    result = io_uring_submit_and_get_events(&ring_);
  } else if (timeout == Engine::kForever) {
    result = io_uring_submit_and_wait(&ring_, 1);
  } else {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    __kernel_timespec limit{seconds.count(), (timeout - seconds).count()};
    io_uring_cqe* unused = nullptr;
    result = io_uring_submit_and_wait_timeout(&ring_, &unused, 1, &limit, nullptr);
  }
  if (result == -EEXIST) throw_not_ours(EEXIST);
  return result >= 0 || result == -ETIME ? 0 : -result;
}

/// liburing's own way to look asks the kernel, too, when it holds completions back.
inline io_uring_cqe* UringRing::peek() {
  const unsigned head = *ring_.cq.khead;
  if (head != io_uring_smp_load_acquire(ring_.cq.ktail)) [[likely]]
    return &ring_.cq.cqes[head & ring_.cq.ring_mask];
  io_uring_cqe* cqe = nullptr;
  return io_uring_peek_cqe(&ring_, &cqe) == 0 ? cqe : nullptr;
}

bool UringRing::next(Completion& completion) {
  while (io_uring_cqe* const cqe = peek()) {
    const std::uint64_t data = cqe->user_data;
    completion = {static_cast<Op>(data & 7), static_cast<int>(data >> 3 & 0x1fffffff),
                  static_cast<Generation>(data >> 32), cqe->res, cqe->flags};
    io_uring_cqe_seen(&ring_, cqe);
    if (completion.op == Op::wake) {
      wake_armed_ = false;
    } else if (completion.op != Op::ignored) {
      return true;
    }
  }
  return false;
}

}  // namespace bunshin
