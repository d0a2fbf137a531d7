#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "handlers/dispatcher.h"
#include "tests/support/fixture.h"

namespace bunshin::testing {

/// What happened to a handler. Outlives it.
struct Notes {
  std::string received;
  std::vector<std::string> errors;  // what handle_error got
  int connects = 0;
  int closes = 0;
  int close_error = -1;
  bool destroyed = false;
};

/// A handler of class Base that writes down what happens to it, reads all it can get, and closes as
/// the default does.
template <typename Base>
class Noted : public Base {
 public:
  template <typename... Args>
  Noted(Reactor& reactor, Notes& notes, Args&&... args)
      : Base(reactor, std::forward<Args>(args)...), notes_(notes) {}
  ~Noted() override { notes_.destroyed = true; }

  std::function<void()> on_connect, on_close;

  void handle_connect() override {
    ++notes_.connects;
    if (on_connect) on_connect();
  }
  void handle_read() override { notes_.received += this->recv(); }
  void handle_close() override {
    ++notes_.closes;
    notes_.close_error = this->error();
    if (on_close) return on_close();
    Base::handle_close();
  }
  void handle_error() override {
    try {
      throw;
    } catch (const std::exception& error) {
      notes_.errors.emplace_back(error.what());
    }
  }

 private:
  Notes& notes_;
};

/// A server that hands what it accepts to a function.
class TestServer : public Dispatcher {
 public:
  using Dispatcher::Dispatcher;
  std::function<void(StreamSocket, const SocketAddress&)> on_accepted;
  void handle_accepted(StreamSocket socket, const SocketAddress& peer) override {
    if (on_accepted) on_accepted(std::move(socket), peer);
  }
};

inline Endpoint endpoint_of(const SocketAddress& address) {
  return Endpoint::parse(address.to_string());
}

inline Endpoint any_endpoint(Family family) { return endpoint_of(any_address(family)); }

/// Constructs a handler of class Handler for one end of a connection; the other end.
template <typename Handler, typename... Args>
std::pair<Handler&, Peer> connect_to(Reactor& reactor, Family family, Args&&... args) {
  Connection connection = make_connection(family);
  return {reactor.emplace<Handler>(std::forward<Args>(args)...,
                                   StreamSocket(std::move(connection.ours))),
          std::move(connection.peer)};
}

}  // namespace bunshin::testing
