#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
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
  [[nodiscard]] const Notes& notes() const { return notes_; }

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

/// What the std::system_error says that `function` throws; its code must be `error`.
inline std::string sentence_of(const std::function<void()>& function, int error) {
  try {
    function();
  } catch (const std::system_error& thrown) {
    EXPECT_EQ(thrown.code().value(), error) << thrown.what();
    return thrown.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

inline Endpoint endpoint_of(const SocketAddress& address) {
  return Endpoint::parse(address.to_string());
}

inline Endpoint any_endpoint(Family family) { return endpoint_of(any_address(family)); }

/// Once per engine and address family, for handlers of connections.
class HandlerCase : public SettingCase {
 protected:
  using SettingCase::SettingCase;

  /// A handler for one end of a connection, and the other end.
  template <typename Handler, typename... Args>
  std::pair<Handler&, Peer> serve(Args&&... args) {
    Connection connection = make_connection(family());
    auto& handler = reactor.emplace<Handler>(std::forward<Args>(args)...,
                                             StreamSocket(std::move(connection.ours)));
    return {handler, std::move(connection.peer)};
  }

  /// Whether the loop comes to rest. What the kernel takes bit by bit may keep it awake at first;
  /// one that spins is never quiet.
  bool comes_to_rest() {
    for (int tries = 0; tries < 20; ++tries) {
      if (rounds_in(30ms) < kFewRounds) return true;
    }
    return false;
  }

  /// Sends all of `text`, ends sending, and reads to the end meanwhile and afterwards.
  std::string exchange(Peer& peer, std::string_view text) {
    std::string answer;
    bool shut = false;
    bool ended = false;
    run_until(
        [&] {
          text.remove_prefix(peer.send_now(text));
          if (text.empty() && !std::exchange(shut, true)) peer.shut_down_sending();
          while (!ended && peer.readable()) {
            const std::string some = peer.receive_some(256 * 1024);
            answer += some;
            ended = some.empty();
          }
          return ended;
        },
        20s);
    return answer;
  }

  Notes notes;
};

}  // namespace bunshin::testing
