#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/event_handler.h"
#include "reactor/reactor.h"

namespace bunshin {

struct LookUp;

/// asyncore.dispatcher: a socket whose callbacks are the virtual functions of EventHandler. Make
/// it with Reactor::emplace, which owns it; all members are called in the reactor's thread.
///
/// A server calls create_socket, set_reuse_addr, bind, listen and overrides handle_accepted; a
/// client calls connect and overrides handle_connect; a connection is constructed with an accepted
/// descriptor and overrides handle_read.
class Dispatcher : public EventHandler {
 public:
  explicit Dispatcher(Reactor& reactor);
  /// For a connected stream socket, as handle_accepted gets it.
  Dispatcher(Reactor& reactor, StreamSocket socket, Model model = Model::remembered);
  ~Dispatcher() override;

  // Servers

  /// `family` as in SocketAddress::family(). Throws std::system_error.
  void create_socket(int family);
  /// Lets a server bind while connections of its predecessor are still in TIME_WAIT. On by default
  /// for none; throws std::system_error.
  void set_reuse_addr();
  /// Lets several sockets, one a reactor, share a port (SO_REUSEPORT). The first of them should
  /// have it when it listens already, the others before they bind: then a program that is started
  /// twice is refused the second time, because a socket without it binds only where nobody listens.
  /// Other programs of the same user that want to share can still join. Throws std::system_error.
  void set_reuse_port();
  /// What this does with the path of a unix address: see UnixPath. Throws std::system_error with
  /// the address in its sentence.
  void bind(const SocketAddress& address);
  /// Starts to listen; the socket enters the poll set now, not before. Throws std::system_error.
  void listen(int backlog = 512);
  /// All four at once, for an address as the user writes it: the first of a host's addresses that
  /// works. A host name is looked up on the spot, which blocks. `share_port`: joins those that
  /// listen there already, see set_reuse_port.
  void listen_on(const Endpoint& endpoint, bool share_port = false);
  /// A socket that listens already, such as a service manager passes: non-blocking.
  void listen_on(UniqueFd listening);
  /// The address the socket is bound to, with the real port. Throws std::system_error.
  [[nodiscard]] SocketAddress local_address() const;

  /// Accepts one connection: called until there are none left.
  void handle_accept() override;
  /// A new connection. The default closes it.
  virtual void handle_accepted(StreamSocket socket, const SocketAddress& peer);

  // Clients

  /// Connects without blocking to the first address of the host that answers (see ConnectRace);
  /// handle_connect or handle_error follows. There is no descriptor until then. What still goes on
  /// when the handler closes is forgotten.
  void connect(const Endpoint& endpoint);
  /// No address could be connected to: throws what handle_error shall get.
  void handle_connect_error(int error) override;
  /// Closes the descriptor and ends connecting: the handler stays, for another connection.
  void disconnect();

  // Connections

  /// Bytes that arrived, at most `limit` and ReactorOptions::scratch_bytes, lent until the end of
  /// the callback; empty when there are none now or no more. The end of file and failures reach
  /// handle_close by themselves.
  std::string_view recv(std::size_t limit = SIZE_MAX) { return reactor().recv(*this, limit); }
  /// Sends what the kernel takes now.
  IoResult send(std::string_view data) { return reactor().send(*this, data); }
  /// Says what was lost (see tell_loss) and does what EventHandler's does.
  void handle_close() override;

 protected:
  /// Logs that the connection has failed by what no peer and no network does, such as EIO.
  void tell_loss() const;
  /// What `listen_on` and `connect` were asked for, for messages; else the socket's own address.
  [[nodiscard]] std::string address_text() const;

 private:
  void try_addresses(const LookUp& found);
  void race_ended(StreamSocket socket, int error);

  struct Setup;  // of a listener or a connecting socket; connections have none
  std::unique_ptr<Setup> setup_;
};

}  // namespace bunshin
