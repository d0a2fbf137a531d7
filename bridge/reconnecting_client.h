#pragma once

#include <string>

#include "bridge/retry.h"
#include "handlers/buffered_dispatcher.h"

namespace bunshin {

/// A client that connects for ever: a peer that is not there yet, or has gone, is tried again after
/// a back-off, with one log line a change of state. Connects as soon as the reactor runs. Owned by
/// its reactor (make it with Reactor::emplace), in whose thread all members are called.
class ReconnectingClient : public BufferedDispatcher {
 public:
  /// `name` is what the log calls the peer.
  ReconnectingClient(Reactor& reactor, Endpoint endpoint, std::string name,
                     Backoff::Limits retry = {});

  /// Another peer from now on: the one before is left, unless it is the same.
  void use(const Endpoint& endpoint);
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

  void handle_connect() override;
  void handle_error() override;
  void handle_close() override;
  void handle_finish() override;

 protected:
  virtual void handle_connected() {}
  virtual void handle_disconnected() {}
  /// Whether a peer that takes the connection is of use by that alone. Where it is not, whoever
  /// reads calls tell_connected(), and one that ends before that was never connected to.
  [[nodiscard]] virtual bool connected_when_accepted() const { return true; }
  /// The log says so, once a connection.
  void tell_connected();
  /// For whoever reads: the peer has said something of use. See Retry.
  void brought_something() { retry_.brought_something(); }
  /// Whether handle_finish was called: what arrives is dropped, whom we hand it to may be gone.
  [[nodiscard]] bool finishing() const { return finishing_; }

 private:
  enum class State { unknown, connected, away };
  void try_to_connect();

  Endpoint endpoint_;
  const std::string name_;
  Retry retry_;
  State state_ = State::unknown;
  bool accepted_ = false;  // connected, of use or not
  std::string reason_;     // of an exception
  bool finishing_ = false;
};

}  // namespace bunshin
