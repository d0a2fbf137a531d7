#include "handlers/echo.h"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "tests/handlers/noted.h"
#include "tests/support/allocations.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::MatchesRegex;

class EchoTest : public HandlerCase {
 protected:
  EchoServer& start() {
    options.stop = [this] { ++stops; };
    auto& server = reactor.emplace<EchoServer>(any_endpoint(family()), options);
    address = server.local_address();
    return server;
  }
  /// One round trip.
  std::string say(Peer& peer, const std::string& text) {
    peer.send(text);
    return receive(peer, text.size());
  }

  EchoOptions options;
  SocketAddress address;
  int stops = 0;
};
BUNSHIN_EVERY_SETTING(EchoTest);

TEST_P(EchoTest, ManyClientsAtOnce) {
  start();
  std::vector<Peer> peers;
  for (int number = 0; number < 20; ++number) peers.emplace_back(address);
  for (int time = 0; time < 3; ++time) {
    for (std::size_t number = 0; number < peers.size(); ++number) {
      peers[number].send("I am " + std::to_string(number + 100));
    }
    for (std::size_t number = peers.size(); number-- > 0;) {
      EXPECT_EQ(receive(peers[number], 8), "I am " + std::to_string(number + 100));
    }
  }
}

TEST_P(EchoTest, AClientThatLeavesDoesNotDisturbTheOthers) {
  start();
  Peer stays(address);
  EXPECT_EQ(say(stays, "one"), "one");
  Peer resets(address);
  EXPECT_EQ(say(resets, "two"), "two");
  resets.reset();
  Peer closes(address);
  closes.send("not waiting for an answer");
  closes.close();
  Peer silent(address);
  silent.close();
  EXPECT_EQ(say(stays, "three"), "three");
  EXPECT_THAT(log.lines(), IsEmpty());
}

TEST_P(EchoTest, WhatNoPeerDoesIsTold) {
  start();
  Peer peer(address);
  EXPECT_EQ(say(peer, "one"), "one");
  for (const int error : {ECONNRESET, EIO}) {
    Peer lost(address);
    EXPECT_EQ(say(lost, "two"), "two");
    reactor.for_each([&](EventHandler& handler) {
      if (auto* client = dynamic_cast<EchoHandler*>(&handler)) client->fail(error);
    });
    run_until([&] { return lost.readable(); });
  }
  EXPECT_EQ(log.count("a connection was lost: Input/output error"), 1U);
  EXPECT_EQ(log.lines().size(), 1U) << "a reset is everyday";
}

TEST_P(EchoTest, WithEveryOptionBytesStayBytes) {
  const std::string text = pattern(100 * 1000);
  for (const bool course : {false, true}) {
    options = {};
    if (course) options.stop_word = "balse";
    auto& server = start();
    Peer peer(address);
    EXPECT_TRUE(exchange(peer, text) == text);
    server.close();
  }
  EXPECT_EQ(stops, 0);
}

// Nothing is allocated once a connection stands: what was measured, not hoped for.
TEST_P(EchoTest, NoAllocationInTheSteadyState) {
  start();
  std::vector<Peer> peers;
  for (int number = 0; number < 10; ++number) peers.emplace_back(address);
  const auto round_trip = [&] {
    std::array<char, 64> message{};
    for (const Peer& peer : peers) {
      ASSERT_EQ(::send(peer.descriptor(), message.data(), 64, MSG_NOSIGNAL), 64);
    }
    for (const Peer& peer : peers) {
      ssize_t count = 0;
      for (int tries = 0; tries < 1000 && count < 64; ++tries) {
        const ssize_t more = ::recv(peer.descriptor(), message.data(), 64, MSG_DONTWAIT);
        if (more > 0) count += more;
        if (more < 0) reactor.run_once(1ms);
      }
      ASSERT_EQ(count, 64);
    }
  };
  for (int time = 0; time < 20; ++time) round_trip();
  const std::size_t before = allocations();
  for (int time = 0; time < 100; ++time) round_trip();
  // The tests' stand-in for kqueue(2) allocates now and then.
  EXPECT_LE(allocations() - before, GetParam().engine == "kqueue" ? 100U : 0U);
}

TEST_P(EchoTest, OneAtATimeLetsTheOthersWaitInTheQueue) {
  options.one_at_a_time = true;
  start();
  std::vector<Peer> peers;
  for (int number = 0; number < 3; ++number) {
    peers.emplace_back(address);
    peers.back().send("hello");
  }
  for (std::size_t served = 0; served < peers.size(); ++served) {
    EXPECT_EQ(receive(peers[served], 5), "hello");
    EXPECT_EQ(say(peers[served], "again"), "again");
    EXPECT_LT(rounds_in(20ms), kFewRounds) << "those in the queue must not keep the loop awake";
    for (std::size_t next = served + 1; next < peers.size(); ++next) {
      EXPECT_FALSE(peers[next].readable()) << next << " was served beside " << served;
    }
    if (served == 1) {
      peers[served].reset();
    } else {
      peers[served].close();
    }
  }
}

TEST_P(EchoTest, OneAtATimeHalfClosedClientsGetTheirAnswerToo) {
  options.one_at_a_time = true;
  start();
  const std::string text = pattern(5 * 1000 * 1000);
  for (int time = 0; time < 2; ++time) {
    Peer peer(address);
    EXPECT_TRUE(exchange(peer, text) == text);
  }
}

TEST_P(EchoTest, TheServerMayEndBeforeItsOnlyClient) {
  options.one_at_a_time = true;
  auto& server = start();
  Peer peer(address);
  EXPECT_EQ(say(peer, "hello"), "hello");
  server.close();
  settle();
  EXPECT_EQ(say(peer, "still served"), "still served");
  peer.close();
  settle();  // the client's end has no queue to go on with
}

TEST_P(EchoTest, MoreClientsThanMayBeWaitInTheQueue) {
  options.limits.most = 2;
  start();
  std::vector<Peer> peers;
  for (int number = 0; number < 4; ++number) {
    peers.emplace_back(address);
    peers.back().send("hello");
  }
  EXPECT_EQ(receive(peers[0], 5), "hello");
  EXPECT_EQ(receive(peers[1], 5), "hello");
  EXPECT_LT(rounds_in(20ms), kFewRounds) << "those in the queue must not keep the loop awake";
  EXPECT_FALSE(peers[2].readable());
  peers[0].close();
  EXPECT_EQ(receive(peers[2], 5), "hello");
  rounds_in(20ms);
  EXPECT_FALSE(peers[3].readable());
  peers[2].reset();
  EXPECT_EQ(receive(peers[3], 5), "hello");
  EXPECT_EQ(say(peers[1], "all the time"), "all the time");
}

TEST_P(EchoTest, AnIdleClientIsClosed) {
  for (const bool of_course : {false, true}) {
    options.limits.idle_timeout = 100ms;
    options.stop_word = of_course ? "balse" : "";
    auto& server = start();
    Peer peer(address);
    const auto begin = Clock::now();
    auto last = begin;
    Duration silence{};  // the longest: this machine may be busy
    run_until([&] {
      const auto now = Clock::now();
      silence = std::max<Duration>(silence, now - std::exchange(last, now));
      return peer.send_now("x") == 0 || now - begin > 250ms;
    });
    if (silence < 100ms) {
      EXPECT_FALSE(peer.receive_now().empty());
      EXPECT_FALSE(peer.readable()) << "what it said did not count";
    }
    run_until([&] { return peer.readable() && peer.receive_now().empty(); });
    server.close();
  }
}

TEST_P(EchoTest, StampsWithTheTime) {
  options.stamp = true;
  start();
  Peer peer(address);
  for (const std::string text : {"hi", "there"}) {
    const std::size_t sends = calls(Call::send);
    peer.send(text);
    run_until([&] { return peer.readable(); });
    EXPECT_THAT(peer.receive_some(1024),
                MatchesRegex("\\[[A-Z][a-z][a-z] [A-Z][a-z][a-z] [ 0-9][0-9] [0-9][0-9]:[0-9][0-9]:"
                             "[0-9][0-9] 20[0-9][0-9]\\] " +
                             text));
    // One of them is the peer's. A client that receives once per message wants it whole.
    EXPECT_LE(calls(Call::send) - sends, 2U);
  }
}

class StopWordTest : public EchoTest {
 protected:
  /// The chunks are read one by one.
  void expect(const std::vector<std::string>& chunks, int expected) {
    options.stop_word = "balse";
    auto& server = start();
    Peer peer(address);
    stops = 0;
    for (const std::string& chunk : chunks) EXPECT_EQ(say(peer, chunk), chunk);
    settle();
    EXPECT_EQ(stops, expected) << ::testing::PrintToString(chunks);
    server.close();
    settle();
  }
};
BUNSHIN_EVERY_SETTING(StopWordTest);

TEST_P(StopWordTest, ALine) {
  expect({"balse\n"}, 1);
  expect({"balse\r\n"}, 1);
  expect({"hello\nbalse\nbye\n"}, 1);
  expect({"hello\n", "balse\n"}, 1);
}

TEST_P(StopWordTest, ALineInPieces) {
  expect({"bal", "se\n"}, 1);
  expect({"b", "a", "l", "s", "e\r\n"}, 1);
}

TEST_P(StopWordTest, AChunkWithoutALineEnd) {
  expect({"balse"}, 1);
  expect({"hello\n", "balse"}, 1);
}

TEST_P(StopWordTest, NotInsideALongerLine) {
  expect({"balse!\n"}, 0);
  expect({"say balse\n"}, 0);
  expect({"balsebalse\n"}, 0);
  expect({"balse \n"}, 0);
  expect({"BALSE\n"}, 0);
  expect({"bals\n", "e\n"}, 0);
  expect({std::string("balse\0\n", 7)}, 0);
  expect({"\n\n\r\n"}, 0);
  expect({"b", "a", "l", "s", "e", "x", "\n"}, 0);  // as a terminal in character mode sends it
}

TEST_P(StopWordTest, AVeryLongLineDoesNotHideTheNext) {
  options.stop_word = "balse";
  start();
  Peer peer(address);
  const std::string flood(3 * 1000 * 1000, 'b');
  EXPECT_TRUE(exchange(peer, flood) == flood);
  EXPECT_EQ(stops, 0);
  Peer other(address);
  EXPECT_TRUE(exchange(other, flood + "balse\n" + "balse\n").size() > flood.size());
  EXPECT_EQ(stops, 1);
}

}  // namespace
}  // namespace bunshin::testing
