#include "reactor/sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "reactor/error.h"

namespace bunshin {

namespace {

#ifdef __APPLE__
/// macOS has neither accept4(2) nor SOCK_NONBLOCK nor MSG_NOSIGNAL.
int prepare(int fd) {
  if (fd < 0) return fd;
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}
#endif

Kind kind_of_socket(int fd) {
  int domain = AF_UNIX;
#ifdef SO_DOMAIN
  socklen_t length = sizeof domain;
  if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0) {
    throw_error(errno, "cannot tell what kind of socket this is");
  }
#else
  domain = SocketAddress::local_of(fd).family();
#endif
  return domain == AF_UNIX ? Kind::unix_stream : Kind::inet_stream;
}

}  // namespace

StreamSocket::StreamSocket(UniqueFd socket) : StreamSocket(std::move(socket), Kind::inet_stream) {
  kind = kind_of_socket(fd.get());
}

Kind stream_kind(const SocketAddress& address) {
  return address.family() == AF_UNIX ? Kind::unix_stream : Kind::inet_stream;
}

UniqueFd make_stream_socket(int family) {
#ifdef __APPLE__
  UniqueFd fd(prepare(::socket(family, SOCK_STREAM, 0)));
#else
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
#endif
  if (!fd) throw_error(errno, "cannot make a socket");
  return fd;
}

int accept_nonblocking(int listener, sockaddr* peer, socklen_t* length) {
#ifdef __APPLE__
  return prepare(::accept(listener, peer, length));
#else
  return ::accept4(listener, peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
#endif
}

Pipe make_pipe() {
  int ends[2];
#ifdef __APPLE__
  if (::pipe(ends) != 0) throw_error(errno, "cannot make a pipe");
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  set_nonblocking(ends[0]);
  set_nonblocking(ends[1]);
#else
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) throw_error(errno, "cannot make a pipe");
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
#endif
  return pipe;
}

void set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
      ::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
    throw_error(errno, "cannot make a descriptor non-blocking");
  }
}

UniqueFd open_again(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return UniqueFd();
  char path[128] = "";
  // The master of a pseudo-terminal can not be had a second time: its name makes another one.
  const bool tty = S_ISCHR(status.st_mode) && !is_tty_master(fd);
  if (tty && ::ttyname_r(fd, path, sizeof path) != 0) return UniqueFd();
#ifdef __linux__
  if (S_ISFIFO(status.st_mode)) std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
#endif
  if (*path == '\0') return UniqueFd();
  const int access = ::fcntl(fd, F_GETFL) & O_ACCMODE;
  return UniqueFd(::open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

void set_no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // EOPNOTSUPP on a unix socket
}

bool is_tty_master(int fd) {
#ifdef TIOCGPTN
  unsigned number = 0;
  return ::ioctl(fd, TIOCGPTN, &number) == 0;
#else
  return ::ptsname(fd) != nullptr;
#endif
}

}  // namespace bunshin
