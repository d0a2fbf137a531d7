#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "handlers/buffered_dispatcher.h"
#include "handlers/client_limits.h"
#include "reactor/reactor_group.h"

namespace bunshin {

/// What `bunshin echo` can do beyond echoing.
struct EchoOptions {
  bool one_at_a_time = false;  ///< one client is served, the others wait in the queue
  bool stamp = false;          ///< each answer begins with "[Mon Nov 23 09:33:39 2026] "
  bool verbose = false;        ///< tells on standard output who came, left, and said what
  std::string stop_word;       ///< when not empty: whoever sends just this stops the server
  std::function<void()> stop;  ///< what that calls
  ClientLimits limits;
  Model model = Model::remembered;  ///< how clients are served that come from now on
  /// Whether a client is one of the course's server1 and server2.
  [[nodiscard]] bool of_course() const {
    return one_at_a_time || stamp || verbose || !stop_word.empty();
  }
};

/// One client of an echo server: the EchoHandler of the course text.
class EchoHandler : public BufferedDispatcher {
 public:
  using BufferedDispatcher::BufferedDispatcher;
  void handle_read() override { send(recv()); }
};

/// The echo server. Owned by its reactor; `options` must outlive it and its clients.
class EchoServer : public Dispatcher {
 public:
  /// With `share_port` it joins those that listen there in other reactors (set_reuse_port).
  EchoServer(Reactor& reactor, const Endpoint& endpoint, const EchoOptions& options,
             bool share_port = false);
  void handle_accepted(StreamSocket socket, const SocketAddress& peer) override;

 protected:
  const EchoOptions& options_;

 private:
  ClientPlaces places_;
};

/// Serves echo with all reactors of `group`, and returns the address. Where the kernel spreads
/// connections over several listeners, each reactor has its own (SO_REUSEPORT: internet sockets on
/// Linux); elsewhere the first accepts and hands them over in turn. Call it before the group runs.
SocketAddress serve_echo(ReactorGroup& group, const Endpoint& endpoint, const EchoOptions& options);

}  // namespace bunshin
