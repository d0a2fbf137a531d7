#include "tests/support/system_calls.h"

#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <mutex>
#include <sstream>

namespace bunshin::testing {

namespace {

struct Interposed {
  std::size_t calls = 0;
  std::size_t failures = 0;
  int error = 0;
};

thread_local std::array<Interposed, static_cast<std::size_t>(Call::count_)> interposed;
thread_local bool to_self = false;

using Answer = std::function<std::string(const std::string&)>;

/// Never destroyed: a look-up may begin in its thread while the process already ends.
struct Names {
  std::mutex mutex;
  std::shared_ptr<Answer> answer;
};
Names& names() {
  static Names& instance = *new Names;
  return instance;
}

Interposed& state_of(Call call) { return interposed[static_cast<std::size_t>(call)]; }

/// Counts a call. True when it is to fail; errno is set.
bool fails(Call call) {
  Interposed& state = state_of(call);
  ++state.calls;
  if (state.failures == 0) return false;
  --state.failures;
  errno = state.error;
  return true;
}

/// Where another list can be joined on. (glibc frees a list node by node.)
addrinfo** end_of(addrinfo** list) {
  while (*list != nullptr) list = &(*list)->ai_next;
  return list;
}

template <typename Function>
Function* next(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

std::size_t calls(Call call) { return state_of(call).calls; }

void fail_next(Call call, int error, std::size_t times) {
  state_of(call).error = error;
  state_of(call).failures = times;
}

std::size_t failures_left(Call call) { return state_of(call).failures; }

ConnectToSelf::ConnectToSelf() { to_self = true; }
ConnectToSelf::~ConnectToSelf() { to_self = false; }

FakeNames::FakeNames(std::function<std::string(const std::string&)> answer) {
  const std::lock_guard lock(names().mutex);
  names().answer = std::make_shared<Answer>(std::move(answer));
}

FakeNames::~FakeNames() {
  const std::lock_guard lock(names().mutex);
  names().answer = nullptr;
}

}  // namespace bunshin::testing

using bunshin::testing::Call;
using bunshin::testing::fails;
using bunshin::testing::next;

// <sys/epoll.h> and <liburing.h> are for the engines alone, so their functions are declared here.
extern "C" {

struct epoll_event;
struct io_uring;
struct io_uring_cqe;
struct __kernel_timespec;

ssize_t recv(int fd, void* buffer, size_t size, int flags) {
  static auto* const real = next(&::recv, "recv");
  return fails(Call::recv) ? -1 : real(fd, buffer, size, flags);
}

ssize_t send(int fd, const void* data, size_t size, int flags) {
  static auto* const real = next(&::send, "send");
  return fails(Call::send) ? -1 : real(fd, data, size, flags);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static auto* const real = next(&::sendmsg, "sendmsg");
  return fails(Call::send) ? -1 : real(fd, message, flags);
}

ssize_t read(int fd, void* buffer, size_t size) {
  static auto* const real = next(&::read, "read");
  return fails(Call::read) ? -1 : real(fd, buffer, size);
}

/// An error of 0 stands for "0 bytes were written".
ssize_t write(int fd, const void* data, size_t size) {
  static auto* const real = next(&::write, "write");
  if (fails(Call::write)) return errno == 0 ? 0 : -1;
  return real(fd, data, size);
}

int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  static auto* const real = next(&::accept4, "accept4");
  return fails(Call::accept) ? -1 : real(fd, address, length, flags);
}

int connect(int fd, const sockaddr* address, socklen_t length) {
  static auto* const real = next(&::connect, "connect");
  if (fails(Call::connect)) return -1;
  if (bunshin::testing::to_self && address->sa_family != AF_UNIX) ::bind(fd, address, length);
  return real(fd, address, length);
}

int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  static auto* const real = next(&::epoll_ctl, "epoll_ctl");
  return fails(Call::control) ? -1 : real(epoll, operation, fd, event);
}

int epoll_wait(int epoll, epoll_event* events, int most, int timeout) {
  static auto* const real = next(&::epoll_wait, "epoll_wait");
  return fails(Call::wait) ? -1 : real(epoll, events, most, timeout);
}

int epoll_pwait2(int epoll, epoll_event* events, int most, const timespec* timeout,
                 const sigset_t* mask) {
  static auto* const real = next(&::epoll_pwait2, "epoll_pwait2");
  return fails(Call::wait) ? -1 : real(epoll, events, most, timeout, mask);
}

int poll(pollfd* set, nfds_t size, int timeout) {
  static auto* const real = next(&::poll, "poll");
  return fails(Call::poll) ? -1 : real(set, size, timeout);
}

// Those of liburing return negated errors.

int io_uring_submit(io_uring* ring) {
  static auto* const real = next(&::io_uring_submit, "io_uring_submit");
  return fails(Call::enter) ? -errno : real(ring);
}

int io_uring_submit_and_get_events(io_uring* ring) {
  static auto* const real =
      next(&::io_uring_submit_and_get_events, "io_uring_submit_and_get_events");
  return fails(Call::enter) ? -errno : real(ring);
}

int io_uring_submit_and_wait(io_uring* ring, unsigned count) {
  static auto* const real = next(&::io_uring_submit_and_wait, "io_uring_submit_and_wait");
  return fails(Call::enter) ? -errno : real(ring, count);
}

int io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe** completion, unsigned count,
                                     __kernel_timespec* limit, sigset_t* mask) {
  static auto* const real =
      next(&::io_uring_submit_and_wait_timeout, "io_uring_submit_and_wait_timeout");
  return fails(Call::enter) ? -errno : real(ring, completion, count, limit, mask);
}

int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** list) {
  static auto* const real = next(&::getaddrinfo, "getaddrinfo");
  std::shared_ptr<bunshin::testing::Answer> answer;
  {
    const std::lock_guard lock(bunshin::testing::names().mutex);
    answer = bunshin::testing::names().answer;
  }
  const std::string name = host == nullptr ? "" : host;
  if (!answer || !name.ends_with(".test")) return real(host, service, hints, list);
  if (hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0) return EAI_NONAME;
  std::istringstream addresses((*answer)(name));
  std::string address;
  *list = nullptr;
  for (addrinfo** end = list; addresses >> address; end = bunshin::testing::end_of(end)) {
    if (const int error = real(address.c_str(), service, hints, end); error != 0) return error;
  }
  return *list == nullptr ? EAI_NONAME : 0;
}

}  // extern "C"
