#include "tests/kqueue_shim/conditions.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace bunshin::kqueue_shim {

namespace {

int poll_now(int fd) {
  pollfd entry{fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
  return ::poll(&entry, 1, 0) > 0 ? entry.revents : 0;
}

int socket_option(int fd, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : 0;
}

int ioctl_count(int fd, unsigned long request) {
  int count = 0;
  return ::ioctl(fd, request, &count) == 0 ? count : 0;
}

/// Linux calls a stream socket hung up that was never connected; there BSD says nothing.
bool not_connected_yet(int revents) {
  return (revents & POLLHUP) != 0 && (revents & (POLLIN | POLLRDHUP | POLLERR)) == 0;
}

std::intptr_t waiting_connections(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  const bool tcp = ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0;
  return tcp ? std::max<std::intptr_t>(info.tcpi_unacked, 1) : 1;
}

/// The distance from the file's position to its end: no condition at the end, below 0 behind it.
Condition file_read_condition(int fd, const struct stat& status) {
  Condition condition;
  condition.data = static_cast<std::intptr_t>(status.st_size - ::lseek(fd, 0, SEEK_CUR));
  condition.holds = condition.data != 0;
  return condition;
}

std::intptr_t free_space(int fd, const struct stat& status) {
  int space = 0;
  if (S_ISSOCK(status.st_mode)) {
    space = socket_option(fd, SO_SNDBUF) - ioctl_count(fd, SIOCOUTQ);
  } else if (S_ISFIFO(status.st_mode)) {
    space = ::fcntl(fd, F_GETPIPE_SZ) - ioctl_count(fd, FIONREAD);
  }
  return std::max(space, 1);  // poll(2) said that there is some
}

}  // namespace

Condition read_condition(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return {};
  if (S_ISREG(status.st_mode)) return file_read_condition(fd, status);
  const int revents = poll_now(fd);
  const bool is_socket = S_ISSOCK(status.st_mode);
  if (is_socket && not_connected_yet(revents)) return {};
  Condition condition;
  if (is_socket && socket_option(fd, SO_ACCEPTCONN) != 0) {
    condition.holds = (revents & POLLIN) != 0;
    condition.data = condition.holds ? waiting_connections(fd) : 0;
    return condition;
  }
  condition.eof = (revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
  condition.holds = condition.eof || (revents & POLLIN) != 0;
  condition.data = ioctl_count(fd, FIONREAD);
  if (is_socket && (revents & POLLERR) != 0) condition.fflags = ECONNRESET;
  return condition;
}

Condition write_condition(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return {};
  const int revents = poll_now(fd);
  const bool is_socket = S_ISSOCK(status.st_mode);
  if (is_socket && not_connected_yet(revents)) return {};
  Condition condition;
  condition.eof = (revents & (POLLHUP | POLLERR)) != 0;
  condition.holds = condition.eof || (revents & POLLOUT) != 0;
  if (condition.holds && !condition.eof) condition.data = free_space(fd, status);
  if (is_socket && (revents & POLLERR) != 0) condition.fflags = ECONNRESET;
  return condition;
}

Condition except_condition(int fd) {
  Condition condition;
  condition.holds = (poll_now(fd) & POLLPRI) != 0;
  condition.fflags = NOTE_OOB;
  return condition;
}

int bell() {
  static const int descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return descriptor;
}

void ring() noexcept {
  const int saved = errno;
  const std::uint64_t one = 1;
  // Never read, it would be full after 2^64 calls.
  [[maybe_unused]] const ssize_t written = ::write(bell(), &one, sizeof one);
  errno = saved;
}

namespace {

struct WatchedSignal {
  std::atomic<std::uint64_t> count{0};
  struct sigaction before {};
};

std::array<WatchedSignal, NSIG> watched;
std::atomic<std::uint64_t> ignored{0};
std::mutex dispositions;

bool ignored_by_default(int number) {
  return number == SIGCHLD || number == SIGURG || number == SIGWINCH || number == SIGCONT;
}

void act_as_before(int number, siginfo_t* info, void* context) {
  const struct sigaction& before = watched[static_cast<std::size_t>(number)].before;
  if ((before.sa_flags & SA_SIGINFO) != 0) {
    before.sa_sigaction(number, info, context);
  } else if (before.sa_handler == SIG_IGN ||
             (before.sa_handler == SIG_DFL && ignored_by_default(number))) {
    ignored.fetch_add(1);
  } else if (before.sa_handler == SIG_DFL) {
    ::signal(number, SIG_DFL);
    ::raise(number);  // blocked while this handler runs: ends the process when it returns
  } else {
    before.sa_handler(number);
  }
}

void on_signal(int number, siginfo_t* info, void* context) {
  watched[static_cast<std::size_t>(number)].count.fetch_add(1);
  ring();
  act_as_before(number, info, context);
}

}  // namespace

bool watch_signal(int signal_number) {
  if (signal_number <= 0 || signal_number >= NSIG) return false;
  const std::lock_guard lock(dispositions);
  struct sigaction now {};
  if (::sigaction(signal_number, nullptr, &now) != 0) return false;
  if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_signal) return true;
  bell();  // before the handler can need it
  watched[static_cast<std::size_t>(signal_number)].before = now;
  struct sigaction ours {};
  ours.sa_sigaction = on_signal;
  ours.sa_flags = SA_SIGINFO | SA_RESTART;
  return ::sigaction(signal_number, &ours, nullptr) == 0;
}

std::uint64_t signal_count(int signal_number) {
  return watched[static_cast<std::size_t>(signal_number)].count.load();
}

std::uint64_t ignored_signals() { return ignored.load(); }

}  // namespace bunshin::kqueue_shim
