#pragma once

// What the tests of the shim share: a queue, and short ways to write changes and to wait.

#include <gtest/gtest.h>
#include <sys/event.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "reactor/unique_fd.h"

namespace bunshin::kqueue_shim {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

using Events = std::vector<struct kevent>;

inline constexpr milliseconds kLong{5000};  // an event that must come
inline constexpr milliseconds kNow{0};      // one that must not

inline struct kevent change(std::uintptr_t ident, int filter, int flags, std::uint32_t fflags = 0,
                            std::intptr_t data = 0, void* udata = nullptr) {
  struct kevent event {};
  EV_SET(&event, ident, filter, flags, fflags, data, udata);
  return event;
}

inline struct kevent change(const UniqueFd& fd, int filter, int flags, void* udata = nullptr) {
  return change(static_cast<std::uintptr_t>(fd.get()), filter, flags, 0, 0, udata);
}

inline timespec to_timespec(nanoseconds time) {
  return {static_cast<time_t>(time.count() / 1'000'000'000),
          static_cast<long>(time.count() % 1'000'000'000)};
}

class KqueueShim : public ::testing::Test {
 protected:
  int apply(std::initializer_list<struct kevent> changes) {
    return ::kevent(kq_.get(), changes.begin(), static_cast<int>(changes.size()), nullptr, 0,
                    nullptr);
  }

  Events wait(nanoseconds timeout, std::size_t room = 16,
              std::initializer_list<struct kevent> changes = {}) {
    Events events(room);
    const timespec limit = to_timespec(timeout);
    const int count = ::kevent(kq_.get(), changes.begin(), static_cast<int>(changes.size()),
                               events.data(), static_cast<int>(room), &limit);
    EXPECT_GE(count, 0) << "errno " << errno;
    events.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return events;
  }

  UniqueFd kq_{::kqueue()};
};

}  // namespace bunshin::kqueue_shim
