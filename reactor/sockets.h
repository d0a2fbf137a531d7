#pragma once

#include <sys/socket.h>

#include <utility>

#include "reactor/engine.h"
#include "reactor/socket_address.h"
#include "reactor/unique_fd.h"

namespace bunshin {

/// A connected stream socket and its kind, which decides when a short read means "exhausted".
struct StreamSocket {
  StreamSocket(UniqueFd socket, Kind its_kind) : fd(std::move(socket)), kind(its_kind) {}
  /// Asks the kernel for the kind. Throws std::system_error for what is no socket.
  StreamSocket(UniqueFd socket);  // NOLINT(google-explicit-constructor): it is the same thing

  UniqueFd fd;
  Kind kind;  ///< inet_stream or unix_stream
};

/// The result of Reactor::accept: a connection, or why there is none.
struct Accepted {
  StreamSocket socket{UniqueFd(), Kind::inet_stream};
  SocketAddress peer;
  IoStatus status = IoStatus::done;
  explicit operator bool() const { return static_cast<bool>(socket.fd); }
};

/// The kind of a stream socket whose address that is.
Kind stream_kind(const SocketAddress& address);

// What differs between systems in making sockets and descriptors: on all of them what these return
// is non-blocking, close-on-exec and raises no SIGPIPE. Any thread.

/// Flags of send(2).
#ifdef MSG_NOSIGNAL
inline constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
inline constexpr int kSendFlags = MSG_DONTWAIT;  // macOS: SO_NOSIGPIPE, set when a socket is made
#endif

/// Throws std::system_error.
UniqueFd make_stream_socket(int family);

/// accept4(2): a descriptor, or -1 with errno.
int accept_nonblocking(int listener, sockaddr* peer, socklen_t* length);

/// A pipe, both ends non-blocking. Throws std::system_error.
struct Pipe {
  UniqueFd read;
  UniqueFd write;
};
Pipe make_pipe();

/// Adds O_NONBLOCK and FD_CLOEXEC. The first belongs to the open file description, which other
/// processes may share: for descriptors of our own only. Throws std::system_error.
void set_nonblocking(int fd);

/// The terminal or pipe behind `fd` opened once more, non-blocking: O_NONBLOCK set on `fd` itself
/// would be seen, and kept, by everybody who shares it. None where the system gives no way to it,
/// or permission lacks (after su, say).
UniqueFd open_again(int fd);

/// A small answer leaves at once instead of waiting for the acknowledgement of the one before it
/// (40 ms on Linux). Linux lets accepted sockets inherit it from the listener, macOS and the BSDs
/// too. No-op for other families.
void set_no_delay(int fd);

/// Whether `fd` is the master of a pseudo-terminal: it outlives those who open the slave.
bool is_tty_master(int fd);

}  // namespace bunshin
