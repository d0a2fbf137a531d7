// The kernel as a host: what a reactor is set up with.

#include "reactor/host.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "reactor/error.h"
#include "reactor/path_watch.h"
#include "reactor/post_queue.h"
#include "reactor/sockets.h"

namespace bunshin {

namespace {

/// Whether no engine will take the descriptor because reading it never waits for anybody. Asked
/// beforehand: epoll says EPERM, but kqueue accepts a regular file and is silent at its end.
bool never_waits(const struct stat& status) {
  if (S_ISREG(status.st_mode)) return true;
  if (!S_ISCHR(status.st_mode)) return false;
  for (const char* device : {"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom"}) {
    struct stat other {};
    if (::stat(device, &other) == 0 && other.st_rdev == status.st_rdev) return true;
  }
  return false;
}

int set(int fd, int level, int option, int value) noexcept {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0 ? 0 : errno;
}

int keep_alive(int fd) noexcept {
#ifdef TCP_KEEPIDLE
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);  // a unix socket has none
#endif
#ifdef TCP_KEEPINTVL
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
#endif
  return set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

LookUp look_up_now(const Endpoint& endpoint) {
  try {
    return {endpoint.look_up(), nullptr};
  } catch (...) {
    return {{}, std::current_exception()};
  }
}

class Kernel final : public Host {};

}  // namespace

UniqueFd Host::make_stream_socket(int family) { return bunshin::make_stream_socket(family); }

int Host::set_option(int fd, SocketOption option) noexcept {
  switch (option) {
    case SocketOption::no_delay:
      return set(fd, IPPROTO_TCP, TCP_NODELAY, 1);  // EOPNOTSUPP on a unix socket
    case SocketOption::keep_alive:
      return keep_alive(fd);
    case SocketOption::reuse_addr:
      return set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    case SocketOption::reuse_port:
      return set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  }
  return EINVAL;
}

int Host::bind(int fd, const SocketAddress& address) noexcept {
  return ::bind(fd, address.data(), address.size()) == 0 ? 0 : errno;
}

int Host::listen(int fd, int backlog) noexcept { return ::listen(fd, backlog) == 0 ? 0 : errno; }

int Host::connect(int fd, const SocketAddress& address) noexcept {
  return ::connect(fd, address.data(), address.size()) == 0 ? 0 : errno;
}

int Host::take_error(int fd) noexcept {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

bool Host::listens(int fd) noexcept {
  int answer = 0;
  socklen_t length = sizeof answer;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &answer, &length) == 0 && answer != 0;
}

/// getaddrinfo(3) can not be interrupted, so it runs in a detached thread: the loop does not wait
/// for it and neither does the end of the process.
void Host::look_up(const Endpoint& endpoint, std::shared_ptr<PostQueue> posts,
                   std::function<void(LookUp)> done) {
  std::thread([endpoint, done = std::move(done), posts = std::move(posts)]() mutable {
    LookUp found = look_up_now(endpoint);
    posts->post([done = std::move(done), found = std::move(found)] { done(found); });
  }).detach();
}

Nature Host::examine(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_error(errno, fmt::format("cannot use descriptor {}", fd));
  if (S_ISDIR(status.st_mode)) throw_error(EISDIR, "cannot read a directory");
  return {S_ISSOCK(status.st_mode), never_waits(status),
          (::fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY,
          S_ISCHR(status.st_mode) && ::isatty(fd) != 0};
}

KernelQueues Host::queues(int fd) noexcept {
  // Linux: SIOCINQ is FIONREAD and SIOCOUTQ is TIOCOUTQ (sockios.h); the BSDs have no SIOCOUTQ, and
  // say ENOTTY to TIOCOUTQ of a socket. A listener says EINVAL.
  const auto ask = [fd](unsigned long what) -> std::optional<std::size_t> {
    int count = 0;
    if (::ioctl(fd, what, &count) != 0 || count < 0) return std::nullopt;
    return static_cast<std::size_t>(count);
  };
  return {ask(FIONREAD), ask(TIOCOUTQ)};
}

void Host::set_nonblocking(int fd) { bunshin::set_nonblocking(fd); }

UniqueFd Host::open_again(int fd) { return bunshin::open_again(fd); }

UniqueFd Host::duplicate(int fd) {
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) throw_error(errno, fmt::format("cannot use descriptor {}", fd));
  return copy;
}

std::unique_ptr<SerialLine> Host::open_line(const std::string& device,
                                            const LineSettings& settings) {
  return open_serial_line(device, settings);
}

UniqueFd Host::watch_path(const std::string& path) { return bunshin::watch_path(path); }

Host& kernel() {
  static Kernel host;
  return host;
}

}  // namespace bunshin
