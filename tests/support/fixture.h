#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "reactor/reactor.h"
#include "reactor/sockets.h"
#include "tests/support/captured_log.h"
#include "tests/support/engines.h"
#include "tests/support/files.h"
#include "tests/support/peer.h"
#include "tests/support/test_handler.h"

namespace bunshin::testing {

using namespace std::chrono_literals;

/// A reactor on one engine, the log captured, every wait limited.
class ReactorFixture : public ::testing::Test {
 protected:
  explicit ReactorFixture(const std::string& engine, ReactorOptions options = {});

  /// Runs rounds until `done`; fails the test after `limit`.
  bool run_until(const std::function<bool()>& done, Duration limit = 5s);
  /// Runs rounds for `time` and returns how many there were. A loop that has nothing to do sleeps:
  /// one or two rounds. One that spins makes thousands.
  std::uint64_t rounds_in(Duration time = 60ms);
  /// Runs so many rounds, none of which waits.
  void run_rounds(int count);
  /// Runs so many rounds of at most 1 ms, while one allocation fails: the first after `after`
  /// others. False when there were fewer. A std::bad_alloc that leaves a round fails the test: it
  /// would have ended the program.
  bool rounds_without_memory(std::size_t after, int count);
  /// What `peer` receives, the reactor running meanwhile: an engine may send only in its rounds.
  std::string receive(Peer& peer, std::size_t size);
  std::string receive_all(Peer& peer);
  /// Lets the engine see whatever has happened up to now.
  void settle() { rounds_in(5ms); }

  TestHandler& add(UniqueFd fd, Kind kind, Model model = Model::remembered) {
    return add<TestHandler>(std::move(fd), kind, model);
  }
  template <typename Handler>
  Handler& add(UniqueFd fd, Kind kind, Model model = Model::remembered) {
    auto& handler = reactor.emplace<Handler>();
    reactor.add(handler, std::move(fd), kind, model);
    return handler;
  }

  CapturedLog log;
  Reactor reactor;
};

/// More rounds than a sleeping loop needs, far fewer than a spinning one makes.
inline constexpr std::uint64_t kFewRounds = 200;

/// Once per engine.
class EngineCase : public ReactorFixture, public ::testing::WithParamInterface<std::string> {
 protected:
  explicit EngineCase(ReactorOptions options = {})
      : ReactorFixture(GetParam(), std::move(options)) {}
};

/// Once per engine and address family.
class SettingCase : public ReactorFixture, public ::testing::WithParamInterface<Setting> {
 protected:
  explicit SettingCase(ReactorOptions options = {})
      : ReactorFixture(GetParam().engine, std::move(options)) {}

  [[nodiscard]] Family family() const { return GetParam().family; }
  [[nodiscard]] Kind kind() const {
    return GetParam().internet() ? Kind::inet_stream : Kind::unix_stream;
  }
  /// A handler with one end of a connection, and the other end.
  template <typename Handler = TestHandler>
  std::pair<Handler&, Peer> connected(Model model = Model::remembered) {
    Connection connection = make_connection(family());
    return {add<Handler>(std::move(connection.ours), kind(), model), std::move(connection.peer)};
  }
  /// A listening handler that hands what it accepts to `accepted`.
  TestHandler& listen(std::function<void(UniqueFd)> accepted, SocketAddress& address,
                      int backlog = 64);
};

}  // namespace bunshin::testing
