#include "handlers/unix_path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "reactor/error.h"
#include "reactor/host.h"
#include "reactor/unique_fd.h"

namespace bunshin {

namespace {

/// bind(2) with the umask that leaves a socket to its user: 0, or errno.
int bind_private(Host& host, int fd, const SocketAddress& address) {
  const mode_t before = ::umask(S_IRWXG | S_IRWXO);
  const int error = host.bind(fd, address);
  ::umask(before);
  return error;
}

/// Whether a socket's path is there, and no socket any more. A datagram socket can not connect to a
/// stream socket: the kernel says so (EPROTOTYPE) when there is one, even one that does not listen
/// yet, and ECONNREFUSED when there is none. (A connect of the right type would be refused by both,
/// and be accepted by a server that lives.)
bool left_behind(const SocketAddress& address) {
  struct stat status {};
  if (::stat(address.path().c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const UniqueFd probe(::socket(AF_UNIX, SOCK_DGRAM, 0));
  return ::connect(probe.get(), address.data(), address.size()) != 0 && errno == ECONNREFUSED;
}

/// Two servers that start at once may both find what was left behind, and the slower one must not
/// remove what the quicker one has just made. So taking over is done by one at a time, in a folder,
/// which takes microseconds; but whoever may read a folder can lock it, so nobody waits long.
UniqueFd lock_folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  UniqueFd lock(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int tries = 0; tries < 100; ++tries) {
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return UniqueFd();
}

int take_over(Host& host, int fd, const SocketAddress& address) {
  const std::string path = address.path();
  const UniqueFd lock = lock_folder_of(path);
  if (lock && left_behind(address)) ::unlink(path.c_str());
  return bind_private(host, fd, address);
}

}  // namespace

UnixPath::UnixPath(Host& host, int fd, const SocketAddress& address) : path_(address.path()) {
  int error = bind_private(host, fd, address);
  if (error == EADDRINUSE && left_behind(address)) error = take_over(host, fd, address);
  if (error != 0) throw_error(error, "cannot listen on " + address.to_string());
  made_ = identity();
}

UnixPath::~UnixPath() {
  if (identity() == made_) ::unlink(path_.c_str());
}

UnixPath::Identity UnixPath::identity() const {
  struct stat status {};
  std::error_code ignored;
  if (::stat(path_.c_str(), &status) != 0) return {};
  return {status.st_ino, std::filesystem::last_write_time(path_, ignored)};
}

}  // namespace bunshin
