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

constexpr unsigned kEntries = 4096;
constexpr unsigned kCompletions = 4 * kEntries;

/// What a completion is about travels as one number.
std::uint64_t user_data(UringRing::Op op, int fd, Generation generation) {
  return std::uint64_t{generation} << 32 | std::uint64_t{static_cast<std::uint32_t>(fd)} << 3 |
         static_cast<std::uint8_t>(op);
}

}  // namespace

UringRing::UringRing() : wake_(::eventfd(0, EFD_CLOEXEC)) {
  if (!wake_) throw_error(errno, "cannot make an eventfd");
  io_uring_params parameters{};
  // Without the last two it was measured slower than epoll. R_DISABLED: the ring belongs to the
  // thread that enables it, and that is the one that runs the loop.
  parameters.flags = IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER |
                     IORING_SETUP_DEFER_TASKRUN;
  parameters.cq_entries = kCompletions;
  const int result = io_uring_queue_init_params(kEntries, &ring_, &parameters);
  if (result < 0) {
    throw_error(-result, "cannot make an io_uring (Linux 6.1 is needed, kernel.io_uring_disabled and "
                         "seccomp must allow it, and RLIMIT_MEMLOCK must leave room)");
  }
  arm_wake();
}

UringRing::~UringRing() { io_uring_queue_exit(&ring_); }

void UringRing::enable() {
  if (std::exchange(enabled_, true)) return;
  // Not by liburing: 2.3 forgot to export io_uring_enable_rings.
  if (::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) < 0) {
    throw_error(errno, "cannot enable an io_uring");
  }
}

io_uring_sqe* UringRing::entry() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  while (sqe == nullptr) {  // the queue is full: hand it over
    enable();
    io_uring_submit(&ring_);
    sqe = io_uring_get_sqe(&ring_);
  }
  return sqe;
}

void UringRing::receive(int fd, Generation generation, int group) {
  io_uring_sqe* sqe = entry();
  io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = static_cast<std::uint16_t>(group);
  sqe->user_data = user_data(Op::receive, fd, generation);
}

void UringRing::accept(int fd, Generation generation) {
  io_uring_sqe* sqe = entry();
  io_uring_prep_multishot_accept(sqe, fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  sqe->user_data = user_data(Op::accept, fd, generation);
}

void UringRing::send(int fd, Generation generation, std::string_view data) {
  io_uring_sqe* sqe = entry();
  io_uring_prep_send(sqe, fd, data.data(), data.size(), MSG_NOSIGNAL | MSG_WAITALL);
  sqe->user_data = user_data(Op::send, fd, generation);
}

void UringRing::poll(int fd, Generation generation, unsigned mask, bool repeated) {
  io_uring_sqe* sqe = entry();
  if (repeated) {
    io_uring_prep_poll_multishot(sqe, fd, mask);
  } else {
    io_uring_prep_poll_add(sqe, fd, mask);
  }
  sqe->user_data = user_data(Op::poll, fd, generation);
}

void UringRing::linger(int fd, Generation generation, const __kernel_timespec& limit) {
  io_uring_sqe* sqe = entry();
  io_uring_prep_timeout(sqe, const_cast<__kernel_timespec*>(&limit), 0, 0);  // only read
  sqe->user_data = user_data(Op::linger, fd, generation);
}

void UringRing::cancel(Op op, int fd, Generation generation) {
  io_uring_sqe* sqe = entry();
  io_uring_prep_cancel64(sqe, user_data(op, fd, generation), 0);
  sqe->user_data = user_data(Op::ignored, fd, 0);
}

void UringRing::arm_wake() {
  io_uring_sqe* sqe = entry();
  io_uring_prep_read(sqe, wake_.get(), &wakes_, sizeof wakes_, 0);
  sqe->user_data = user_data(Op::wake, 0, 0);
}

void UringRing::wake() noexcept {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

void UringRing::enter(Engine::Timeout timeout) {
  enable();
  int result = 0;
  if (timeout == Engine::Timeout::zero()) {
    result = io_uring_submit_and_get_events(&ring_);
  } else if (timeout == Engine::kForever) {
    result = io_uring_submit_and_wait(&ring_, 1);
  } else {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    __kernel_timespec limit{seconds.count(), (timeout - seconds).count()};
    io_uring_cqe* unused = nullptr;
    result = io_uring_submit_and_wait_timeout(&ring_, &unused, 1, &limit, nullptr);
  }
  // EAGAIN, EBUSY: too much is under way; taking completions makes room.
  if (result < 0 && result != -EINTR && result != -ETIME && result != -EAGAIN && result != -EBUSY) {
    throw_error(-result, "waiting with io_uring failed");
  }
}

bool UringRing::next(Completion& completion) {
  io_uring_cqe* cqe = nullptr;
  while (io_uring_peek_cqe(&ring_, &cqe) == 0) {
    const std::uint64_t data = cqe->user_data;
    completion = {static_cast<Op>(data & 7), static_cast<int>(data >> 3 & 0x1fffffff),
                  static_cast<Generation>(data >> 32), cqe->res, cqe->flags};
    io_uring_cqe_seen(&ring_, cqe);
    if (completion.op == Op::wake) {
      arm_wake();
    } else if (completion.op != Op::ignored) {
      return true;
    }
  }
  return false;
}

}  // namespace bunshin
