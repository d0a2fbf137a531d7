#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/socket_address.h"
#include "reactor/unique_fd.h"
#include "tests/support/engines.h"

namespace bunshin::testing {

/// The other side: a blocking stream socket whose operations fail the test after five seconds. One
/// thread at a time.
class Peer {
 public:
  Peer() = default;
  explicit Peer(UniqueFd socket);
  /// Connects, waiting.
  explicit Peer(const SocketAddress& address);

  void send(std::string_view data);
  /// Sends as much as the kernel takes without waiting, and returns how much.
  std::size_t send_now(std::string_view data);
  /// One byte of out-of-band data.
  void send_urgent(char byte);
  /// Some bytes and, with the first of them, a descriptor. (unix)
  void send_with_descriptor(std::string_view data, int fd);
  /// What one recv gives, at most `size`; nothing at the end of file.
  std::string receive_some(std::size_t size);
  /// Exactly `size` bytes, or fewer at the end of file.
  std::string receive(std::size_t size);
  /// What can be received without waiting.
  std::string receive_now();
  /// Everything until the end of file. A reset fails the test.
  std::string receive_all();
  /// Whether the connection ended by a reset (after whatever was still to be read).
  bool was_reset();
  /// Whether something, if only the end, can be read now.
  bool readable();

  void shut_down_sending();
  void close() { socket_.reset(); }
  /// Ends the connection with RST instead of FIN. (On unix sockets the nearest there is: close.)
  void reset();

  void set_receive_buffer(int bytes);
  [[nodiscard]] int descriptor() const { return socket_.get(); }
  [[nodiscard]] SocketAddress local_address() const;

 private:
  UniqueFd socket_;
};

/// Two connected sockets: one for the reactor, one for the peer.
struct Connection {
  UniqueFd ours;
  Peer peer;
};
Connection make_connection(Family family);

/// A listening socket, not in any reactor.
struct Listener {
  explicit Listener(Family family, int backlog = 64);
  explicit Listener(const SocketAddress& address, int backlog = 64);
  UniqueFd socket;
  SocketAddress address;
  /// Accepts one, waiting at most five seconds.
  [[nodiscard]] Peer accept() const;
};

/// An address that does not answer at all: a listener whose queue is full, so that the kernel drops
/// what else arrives.
struct BlackHole {
  explicit BlackHole(const SocketAddress& address);
  Listener listener;
  std::vector<UniqueFd> waiting;
};

/// An address where nobody listens.
SocketAddress refusing_address(Family family);

/// `size` bytes that differ from place to place.
std::string pattern(std::size_t size);

}  // namespace bunshin::testing
