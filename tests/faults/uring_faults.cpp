// Preloaded into the program: what it asks of an io_uring is noted, and fails when it is told to.
// These operations are no system calls, so strace can not reach them.
//   FAULTS_TRACE  a file that gets a line for each operation; "(INJECTED)" stands on those that
//   fail FAULTS_CASE   OPERATION ERRNO FIRST LAST: which fail, counted from 1; LAST 0: all from
//   FIRST on

#include <dlfcn.h>
#include <fcntl.h>
#include <liburing.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

/// Used in the thread of the loop only, as the ring itself.
class Faults {
 public:
  static Faults& instance() {
    static Faults faults;
    return faults;
  }

  /// Before entries are handed over: those that are to fail do nothing instead.
  void before(io_uring& ring) {
    for (; noted_ != ring.sq.sqe_tail; ++noted_) note(ring.sq.sqes[noted_ & ring.sq.ring_mask]);
  }

  /// After that: what did nothing is reported as failed.
  void after(io_uring& ring) {
    const unsigned end = io_uring_smp_load_acquire(ring.cq.ktail);
    for (unsigned at = *ring.cq.khead; at != end && !failing_.empty(); ++at) {
      io_uring_cqe& cqe = ring.cq.cqes[at & ring.cq.ring_mask];
      const auto found = std::find(failing_.begin(), failing_.end(), cqe.user_data);
      if (found == failing_.end()) continue;
      failing_.erase(found);
      cqe.res = -error_;
      cqe.flags = 0;
    }
  }

 private:
  Faults() {
    if (const char* trace = std::getenv("FAULTS_TRACE")) {
      trace_ = ::open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    char operation[16] = "";
    const char* wanted = std::getenv("FAULTS_CASE");
    if (wanted &&
        std::sscanf(wanted, "%15s %d %lu %lu", operation, &error_, &first_, &last_) == 4) {
      operation_ = operation;
    }
  }

  static const char* name(const io_uring_sqe& sqe) {
    switch (sqe.opcode) {
      case IORING_OP_ACCEPT:
        return "accept";
      case IORING_OP_RECV:
        return "recv";
      case IORING_OP_SEND:
        return "send";
      case IORING_OP_POLL_ADD:
        return "poll";
      default:
        return "other";
    }
  }

  void note(io_uring_sqe& sqe) {
    const char* what = name(sqe);
    const bool fails = what == operation_ && ++count_ >= first_ && (last_ == 0 || count_ <= last_);
    std::string line = std::string("1 uring_") + what + "()";
    if (fails) line += " (INJECTED)";
    line += '\n';
    if (trace_ >= 0) (void)!::write(trace_, line.data(), line.size());
    if (!fails) return;
    const std::uint64_t data = sqe.user_data;
    io_uring_prep_nop(&sqe);
    sqe.user_data = data;
    failing_.push_back(data);
  }

  int trace_ = -1;
  int error_ = 0;
  unsigned long first_ = 0;
  unsigned long last_ = 0;
  unsigned long count_ = 0;
  unsigned noted_ = 0;  // entries, of those ever made
  std::string operation_;
  std::vector<std::uint64_t> failing_;
};

/// Calls liburing's own function of this name.
template <typename Function, typename... Arguments>
int with_faults(const char* name, io_uring* ring, Arguments... arguments) {
  const auto real = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
  Faults::instance().before(*ring);
  const int result = real(ring, arguments...);
  Faults::instance().after(*ring);
  return result;
}

}  // namespace

extern "C" {

int io_uring_submit(io_uring* ring) {
  return with_faults<decltype(io_uring_submit)>("io_uring_submit", ring);
}

int io_uring_submit_and_wait(io_uring* ring, unsigned wait) {
  return with_faults<decltype(io_uring_submit_and_wait)>("io_uring_submit_and_wait", ring, wait);
}

int io_uring_submit_and_get_events(io_uring* ring) {
  return with_faults<decltype(io_uring_submit_and_get_events)>("io_uring_submit_and_get_events",
                                                               ring);
}

int io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe** cqe, unsigned wait,
                                     __kernel_timespec* limit, sigset_t* mask) {
  return with_faults<decltype(io_uring_submit_and_wait_timeout)>("io_uring_submit_and_wait_timeout",
                                                                 ring, cqe, wait, limit, mask);
}

}  // extern "C"
