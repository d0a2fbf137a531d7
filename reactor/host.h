#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "reactor/medium.h"
#include "reactor/resolver.h"
#include "reactor/serial_line.h"
#include "reactor/socket_address.h"
#include "reactor/timers.h"
#include "reactor/unique_fd.h"

namespace bunshin {

class PostQueue;

/// Options of a stream socket.
enum class SocketOption : std::uint8_t {
  no_delay,    ///< a small answer leaves at once, not after the last one's acknowledgement (40 ms)
  keep_alive,  ///< a peer whose machine lost its power, and says nothing, is found out in 2 minutes
  reuse_addr,  ///< binds while connections of a predecessor are in TIME_WAIT
  reuse_port   ///< shares its port with other listeners
};

/// What a descriptor that was not made here is.
struct Nature {
  bool socket = false;
  bool never_waits = false;  ///< a regular file, /dev/null: no engine takes it
  bool write_only = false;
  bool tty = false;
};

/// What waits in the kernel, in bytes: to be read, and to leave for the other side. Nothing where
/// the kernel does not tell.
struct KernelQueues {
  std::optional<std::size_t> in;
  std::optional<std::size_t> out;
};

/// The world around a reactor: what makes descriptors, sockets and names, what moves their bytes
/// (see Medium), and what time it is. For set-up: nothing here is on the path of a message but
/// now(). This one is the kernel's; reactor/simulation/ has one that exists only in memory.
///
/// Contract. Called in the reactor's thread; lives longer than the reactor. Descriptors are
/// non-blocking and close-on-exec, and belong to whoever is given them. A noexcept int is 0, or
/// errno; what is not noexcept throws std::system_error.
class Host {
 public:
  Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// Monotonic.
  virtual TimePoint now() noexcept { return Clock::now(); }
  /// Seconds since 1970: what a clock on the wall shows.
  virtual std::time_t date() noexcept { return std::time(nullptr); }
  /// A number that nobody foresees, for what is better not done by all at once.
  virtual std::uint32_t random() { return std::random_device()(); }
  /// What serves descriptors of `sort`, but for Sort::carried. Lives as long as the host.
  virtual Medium& medium(Sort sort) noexcept { return medium_of(sort); }

  virtual UniqueFd make_stream_socket(int family);
  virtual int set_option(int fd, SocketOption option) noexcept;
  virtual int bind(int fd, const SocketAddress& address) noexcept;
  virtual int listen(int fd, int backlog) noexcept;
  /// EINPROGRESS: the answer follows as readiness for writing.
  virtual int connect(int fd, const SocketAddress& address) noexcept;
  /// The error that is pending, which is none from then on.
  virtual int take_error(int fd) noexcept;
  /// False for what never accepts a connection, whatever is waited for.
  virtual bool listens(int fd) noexcept;
  virtual SocketAddress local_name(int fd) { return SocketAddress::local_of(fd); }
  /// ENOTCONN: not connected (yet).
  virtual SocketAddress peer_name(int fd) { return SocketAddress::peer_of(fd); }

  /// For those who look on: SIOCINQ and SIOCOUTQ of a socket, FIONREAD and TIOCOUTQ of a tty.
  virtual KernelQueues queues(int fd) noexcept;

  /// Looks a host name up, which may take long, and posts `done` with what was found. When `posts`
  /// has been closed by then, `done` is destroyed uncalled, perhaps in another thread.
  virtual void look_up(const Endpoint& endpoint, std::shared_ptr<PostQueue> posts,
                       std::function<void(LookUp)> done);

  /// Throws for what can not be watched, such as a directory.
  virtual Nature examine(int fd);
  /// Adds O_NONBLOCK and FD_CLOEXEC. The first belongs to the open file description, which other
  /// processes may share: for descriptors of our own only.
  virtual void set_nonblocking(int fd);
  /// The terminal or pipe behind `fd` opened once more, non-blocking: O_NONBLOCK set on `fd` itself
  /// would be seen, and kept, by everybody who shares it. None where there is no way to it.
  virtual UniqueFd open_again(int fd);
  /// Another number for the same thing.
  virtual UniqueFd duplicate(int fd);
  /// See open_serial_line().
  virtual std::unique_ptr<SerialLine> open_line(const std::string& device,
                                                const LineSettings& settings);
  /// See watch_path() in reactor/path_watch.h.
  virtual UniqueFd watch_path(const std::string& path);

 protected:
  ~Host() = default;  // nobody owns one as such
};

/// The one of this machine.
Host& kernel();

}  // namespace bunshin
