#pragma once

#include <functional>
#include <vector>

#include "reactor/reactor.h"

namespace bunshin {

/// Connects to the first address of a host that answers ("happy eyeballs", RFC 8305). They are
/// tried in the order given, but IPv6 and IPv4 in turn; the next one is tried when the one before
/// has failed, or has not answered for 250 ms; the first connection that stands is taken, and the
/// others are closed. Destroying it gives up. In the reactor's thread.
class ConnectRace {
 public:
  /// Called once, at the end: with a connected socket, or with none and the errno of the address
  /// that failed last. May destroy the race.
  using Done = std::function<void(StreamSocket socket, int error)>;

  ConnectRace(Reactor& reactor, const std::vector<SocketAddress>& addresses, Done done);
  ~ConnectRace();
  ConnectRace(const ConnectRace&) = delete;
  ConnectRace& operator=(const ConnectRace&) = delete;

  /// Begins. REQUIRES: called once.
  void start() { try_next(); }

 private:
  class Attempt;
  void try_next();
  bool begin(const SocketAddress& address);
  void drop(Attempt& attempt, int error);
  void failed(Attempt& attempt, int error);
  void give_up();
  void finish(StreamSocket socket);

  Reactor& reactor_;
  std::vector<SocketAddress> addresses_;  // not yet tried, the next one last
  std::vector<Attempt*> attempts_;        // owned by the reactor
  TimerId next_timer_;
  int error_ = 0;
  Done done_;
};

}  // namespace bunshin
