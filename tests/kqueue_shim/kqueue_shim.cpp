#include "tests/kqueue_shim/kqueue_shim.h"

#include <sys/epoll.h>
#include <sys/event.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>

#include "tests/kqueue_shim/queue.h"

namespace {

using bunshin::kqueue_shim::Clock;
using bunshin::kqueue_shim::Queue;

// Never destroyed: other threads may still be in kevent() while the process ends.
std::mutex& queues_mutex() {
  static auto* const mutex = new std::mutex;
  return *mutex;
}

/// By descriptor number. A queue that was closed stays until its number is a queue again.
std::map<int, std::shared_ptr<Queue>>& queues() {
  static auto* const all = new std::map<int, std::shared_ptr<Queue>>;
  return *all;
}

std::shared_ptr<Queue> find_queue(int kq) {
  const std::lock_guard lock(queues_mutex());
  const auto found = queues().find(kq);
  return found == queues().end() ? nullptr : found->second;
}

int fail(int error) {
  errno = error;
  return -1;
}

}  // namespace

extern "C" int kqueue() {
  const int kq = ::epoll_create1(EPOLL_CLOEXEC);
  if (kq < 0) return -1;
  const std::lock_guard lock(queues_mutex());
  queues()[kq] = std::make_shared<Queue>(kq);
  return kq;
}

extern "C" int kevent(int kq, const struct kevent* changelist, int nchanges,
                      struct kevent* eventlist, int nevents, const struct timespec* timeout) {
  const auto queue = find_queue(kq);
  if (!queue) return fail(EBADF);
  if (nchanges < 0 || nevents < 0) return fail(EINVAL);
  std::optional<Clock::time_point> until;
  if (timeout != nullptr) {
    if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1'000'000'000) {
      return fail(EINVAL);
    }
    // A century is for ever: longer ones overflow the clock.
    const auto seconds = std::min<time_t>(timeout->tv_sec, time_t{100} * 365 * 86'400);
    until =
        Clock::now() + std::chrono::seconds(seconds) + std::chrono::nanoseconds(timeout->tv_nsec);
  }
  const auto call = [&] {
    return queue->call({changelist, static_cast<std::size_t>(nchanges)},
                       {eventlist, static_cast<std::size_t>(nevents)}, until);
  };
  int result = 0;
  try {
    result = call();
  } catch (const std::bad_alloc&) {
    result = call();  // a case let one allocation fail: a kernel's are not the caller's
  }
  return result < 0 ? fail(-result) : result;
}
