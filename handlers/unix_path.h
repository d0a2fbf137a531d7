#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "reactor/socket_address.h"

namespace bunshin {

class Host;

/// The path of a server's unix socket: made when the server binds, removed with it unless somebody
/// else has taken it over. One thread.
class UnixPath {
 public:
  /// bind(2) for `fd`, whose user alone may connect then (mode 0700; chmod(2) lets others in). What
  /// a server that crashed has left behind is taken over; a socket that somebody still holds is
  /// not, whether he listens already or not yet. Throws std::system_error with `address` in its
  /// sentence.
  ///
  /// The umask belongs to the process: files that other threads make at this very moment are for
  /// its user alone, too.
  UnixPath(Host& host, int fd, const SocketAddress& address);
  UnixPath(const UnixPath&) = delete;
  UnixPath& operator=(const UnixPath&) = delete;
  ~UnixPath();

 private:
  struct Identity {
    ino_t inode = 0;
    std::filesystem::file_time_type made;  // a number that became free is soon used again
    bool operator==(const Identity&) const = default;
  };
  [[nodiscard]] Identity identity() const;

  std::string path_;
  Identity made_;
};

}  // namespace bunshin
