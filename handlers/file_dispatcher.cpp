#include "handlers/file_dispatcher.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "reactor/error.h"
#include "reactor/sockets.h"

namespace bunshin {

namespace {

mode_t type_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_error(errno, fmt::format("cannot use descriptor {}", fd));
  return status.st_mode & S_IFMT;
}

}  // namespace

FileDispatcher::FileDispatcher(Reactor& reactor, UniqueFd fd, Model model)
    : BufferedDispatcher(reactor) {
  if (type_of(fd.get()) == S_IFSOCK) {
    StreamSocket socket(std::move(fd));
    reactor.add(*this, std::move(socket.fd), socket.kind, model);
  } else {
    set_nonblocking(fd.get());
    reactor.add(*this, std::move(fd), Kind::file, model);
  }
}

FileDispatcher::FileDispatcher(Reactor& reactor, Inherited inherited)
    : BufferedDispatcher(reactor) {
  const mode_t type = type_of(inherited.fd);
  if (UniqueFd again = open_again(inherited.fd)) {
    reactor.add(*this, std::move(again), Kind::file);
    return;
  }
  UniqueFd duplicate(::fcntl(inherited.fd, F_DUPFD_CLOEXEC, 3));
  if (!duplicate) throw_error(errno, fmt::format("cannot use descriptor {}", inherited.fd));
  if (type == S_IFSOCK) {
    StreamSocket socket(std::move(duplicate));
    reactor.add(*this, std::move(socket.fd), socket.kind);
  } else {
    reactor.add_blocking(*this, std::move(duplicate));
  }
}

}  // namespace bunshin
