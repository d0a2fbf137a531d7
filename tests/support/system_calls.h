#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace bunshin::testing {

/// The test programs put functions of their own in front of some of libc's, to count calls and to
/// let them fail. An engine that does these operations by other means is not affected; cases that
/// rely on it say so in their names or are restricted to engines.
enum class Call { recv, send, read, write, accept, connect, control, wait, poll, enter, count_ };

/// How often this thread has made `call` so far. `control` is epoll_ctl, `wait` any epoll wait,
/// `enter` whatever hands an io_uring's operations over.
std::size_t calls(Call call);

/// The next `times` calls of this thread fail with `error`, without reaching the kernel.
void fail_next(Call call, int error, std::size_t times = 1);
/// What is left of it.
std::size_t failures_left(Call call);

/// While it lives, connect(2) to an internet address binds to that very address first: so the
/// socket connects to itself, which otherwise happens to one in thirty thousand.
class ConnectToSelf {
 public:
  ConnectToSelf();
  ~ConnectToSelf();
  ConnectToSelf(const ConnectToSelf&) = delete;
  ConnectToSelf& operator=(const ConnectToSelf&) = delete;
};

/// What getaddrinfo(3) does with a host name while it lives: `answer` is called in the thread that
/// looks up, may wait, and returns the addresses to look up instead, with spaces between, or "" for
/// "no such name". (So no test asks the network.) Names are taken by their end ".test".
class FakeNames {
 public:
  explicit FakeNames(std::function<std::string(const std::string& host)> answer);
  ~FakeNames();
  FakeNames(const FakeNames&) = delete;
  FakeNames& operator=(const FakeNames&) = delete;
};

}  // namespace bunshin::testing
