#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "reactor/io_result.h"
#include "reactor/shared_text.h"

namespace bunshin {

/// How bytes go through a descriptor, and what the answers of the kernel mean. One for each sort
/// of descriptor; it knows no handler and no readiness. What the reactor makes of a result is
/// Reactor::settle, the same for all.
///
/// Contract. Called in the reactor's thread, for descriptors that were registered with it and are
/// open. Nothing throws but the send() of one that keeps a copy (std::bad_alloc): nothing was taken
/// then. `done` with no bytes is an operation that a signal interrupted; `later` one that the
/// kernel could not do just now, though the descriptor was ready (`error`: why, or 0).
class Medium {
 public:
  Medium() = default;
  Medium(const Medium&) = delete;
  Medium& operator=(const Medium&) = delete;

  /// At most room.size() bytes: in `room`, or lent by the medium until the next call for `fd` or
  /// the next wait.
  virtual std::string_view receive(int fd, std::span<char> room, IoResult& result) = 0;
  /// Takes what there is room for. REQUIRES: there is data.
  virtual IoResult send(int fd, std::string_view data) = 0;
  /// The same for texts one after the other, of the first what lies behind `start`; may keep them
  /// instead of copies. REQUIRES: at least one, and at most most_texts().
  virtual IoResult send_texts(int fd, std::span<const SharedText> texts, std::size_t start) {
    return send(fd, std::string_view(*texts.front()).substr(start));
  }
  [[nodiscard]] virtual std::size_t most_texts() const { return 1; }
  /// Of those that can send several at once. (UIO_MAXIOV is 1024; each takes 16 bytes of the
  /// stack.)
  static constexpr std::size_t kMostTexts = 64;
  /// The next connection (non-blocking, close-on-exec), or -1 with errno.
  virtual int accept(int listener, sockaddr* peer, socklen_t* length) noexcept;
  /// Ends sending, behind what was sent before. False where there is no such thing.
  virtual bool shut_down(int /*fd*/) noexcept { return false; }
  /// Closes `fd`, when the last operation on it has completed. Not what belongs to others.
  virtual void close(int fd) noexcept;

  /// Whether bytes (or connections) are wanted just now. The first `true` for a connecting stream
  /// says that it stands.
  virtual void want(int /*fd*/, bool /*wanted*/) noexcept {}
  /// Whether bytes are still on their way to the kernel. When they no longer are, and the end of
  /// file has been read, a `writable` event tells.
  [[nodiscard]] virtual bool owes(int /*fd*/) const { return false; }

  /// Whether it is a socket: closing with unread input resets it, and it can be half closed.
  [[nodiscard]] virtual bool is_socket() const { return false; }
  /// Whether no engine watches it, because it is always ready.
  [[nodiscard]] virtual bool always_ready() const { return false; }
  /// Whether its operations are done by others and not seen here.
  [[nodiscard]] virtual bool unseen() const { return false; }

  /// What a hang-up or an error that the engine told (`failed`) means for writing.
  enum class HangUp : std::uint8_t {
    ask,   ///< an operation will tell
    full,  ///< there is no room, and each try would be answered with another hang-up
    ended  ///< nobody will ever read what is written
  };
  [[nodiscard]] virtual HangUp hung_up(int /*fd*/, bool /*failed*/) const { return HangUp::ask; }

  /// Who is on the other side of `fd`. Only the master of a pseudo-terminal outlives those who open
  /// its slave; with all others the connection ends.
  enum class OtherSide : std::uint8_t { ends, there, away };
  [[nodiscard]] virtual OtherSide other_side(int /*fd*/) const { return OtherSide::ends; }

  /// What recv(2) or send(2), which returned `count`, came to; errno tells when that is -1.
  static IoResult received(ssize_t count);
  static IoResult sent(ssize_t count);

 protected:
  ~Medium() = default;  // nobody owns one as such
};

/// Which medium serves a handler's descriptor. (A Kind is what the caller said it is, and means the
/// same on every engine.)
enum class Sort : std::uint8_t {
  none,           ///< no descriptor: EBADF
  stream,         ///< a socket
  file,           ///< a tty or a pipe, non-blocking
  blocking_file,  ///< the same, but others share it: poll(2) is asked before each operation
  regular_file,   ///< always ready; reading blocks while the disk does
  foreign,        ///< belongs to a library that does its own operations
  carried         ///< a socket whose operations the engine does, see Engine::carries
};

inline constexpr std::size_t kSorts = 7;

/// The medium of each sort but `carried`, which is the engine's: `none` for that. They have no
/// state, and live as long as the program.
Medium& medium_of(Sort sort);

}  // namespace bunshin
