#include "handlers/connect_race.h"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <system_error>

#include "tests/handlers/noted.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

using ::testing::IsEmpty;

/// Clients of a host that has several addresses. 127.0.0.1 answers, and so does ::1.
class ConnectRaceTest : public EngineCase {
 protected:
  using Client = Noted<Dispatcher>;

  /// Both have one port, which may be taken for one of them.
  ConnectRaceTest() {
    for (int tries = 0; tries < 10 && !v6; ++tries) {
      v4.emplace(Family::ipv4);
      try {
        v6.emplace(address("[::1]"));
      } catch (const std::system_error&) {
        continue;
      }
    }
  }
  [[nodiscard]] std::string at_port(const std::string& host) const {
    return host + ":" + std::to_string(v4->address.port());
  }
  [[nodiscard]] SocketAddress address(const std::string& host) const {
    return *Endpoint::parse(at_port(host)).numeric();
  }
  /// A client that connects to a host with these addresses.
  Client& connect(const std::string& addresses) {
    names.emplace([addresses](const std::string&) { return addresses; });
    auto& client = reactor.emplace<Client>(notes);
    client.connect(Endpoint::parse(at_port("several.test")));
    return client;
  }
  SocketAddress connected_to(const std::string& addresses) {
    Client& client = connect(addresses);
    run_until([&] { return notes.connects == 1 || notes.destroyed; });
    EXPECT_THAT(notes.errors, IsEmpty());
    return client.closed() ? SocketAddress() : SocketAddress::peer_of(client.descriptor());
  }
  std::size_t handlers() {
    std::size_t count = 0;
    reactor.for_each([&](EventHandler&) { ++count; });
    return count;
  }

  std::optional<Listener> v4, v6;
  std::optional<FakeNames> names;
  Notes notes;
};
BUNSHIN_EVERY_ENGINE(ConnectRaceTest);

TEST_P(ConnectRaceTest, AnAddressThatDoesNotAnswerIsNotWaitedFor) {
  const BlackHole hole(address("127.0.0.2"));
  const TimePoint start = Clock::now();
  EXPECT_EQ(connected_to("127.0.0.2 127.0.0.1"), address("127.0.0.1"));
  EXPECT_GE(Clock::now() - start, 250ms) << "the first was given no time";
  settle();
  EXPECT_EQ(handlers(), 1U) << "the attempt that lost is still there";
}

TEST_P(ConnectRaceTest, ThoseThatRefuseArePassedBy) {
  EXPECT_EQ(connected_to("127.0.0.3 127.0.0.2 127.0.0.1"), address("127.0.0.1"));
}

TEST_P(ConnectRaceTest, TheFamiliesAreTriedInTurn) {
  const BlackHole hole(address("127.0.0.2"));
  EXPECT_EQ(connected_to("127.0.0.2 127.0.0.1 ::1"), address("[::1]"));
}

TEST_P(ConnectRaceTest, TheFirstThatAnswersIsTakenAndTalks) {
  EXPECT_EQ(connected_to("::1 127.0.0.1"), address("[::1]"));
  Peer peer = v6->accept();
  peer.send("hello");
  run_until([&] { return notes.received == "hello"; });
  peer.close();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.closes, 1);
}

TEST_P(ConnectRaceTest, ClosedOnTheWayLeavesNothingBehind) {
  const BlackHole hole(address("127.0.0.2"));
  Client& client = connect("127.0.0.2 127.0.0.1");
  run_until([&] { return handlers() == 2; });
  client.close();
  settle();
  EXPECT_TRUE(notes.destroyed);
  EXPECT_EQ(handlers(), 0U);
}

TEST_P(ConnectRaceTest, DisconnectedOnTheWayConnectsElsewhere) {
  const BlackHole hole(address("127.0.0.2"));
  Client& client = connect("127.0.0.2 127.0.0.3");
  run_until([&] { return handlers() == 2; });
  client.disconnect();
  client.connect(endpoint_of(v4->address));
  run_until([&] { return notes.connects == 1; });
  rounds_in(300ms);
  EXPECT_EQ(notes.connects, 1);
  EXPECT_THAT(notes.errors, IsEmpty());
  EXPECT_EQ(handlers(), 1U);
}

TEST_P(ConnectRaceTest, TheReactorMayEndInTheMiddle) {
  const BlackHole hole(address("127.0.0.2"));
  Notes unheard;
  Reactor other(reactor.options());
  names.emplace([](const std::string&) { return "127.0.0.2 127.0.0.1"; });
  other.emplace<Client>(unheard).connect(Endpoint::parse(at_port("several.test")));
  std::size_t count = 0;
  while (count < 2) {
    other.run_once(5s);
    count = 0;
    other.for_each([&](EventHandler&) { ++count; });
  }
}

}  // namespace
}  // namespace bunshin::testing
