// Whose turn it is: parking, pausing, the no-progress detector, budgets, connects.

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

class RoundTest : public SettingCase {};
BUNSHIN_EVERY_SETTING(RoundTest);

// A is parked because of B; B drains; A runs without a new edge.
TEST_P(RoundTest, Rule_Refusing_ParkedUntilAnotherDrainsWithoutANewEdge) {
  auto [a, peer_of_a] = connected<AskedHandler>();
  auto [b, peer_of_b] = connected();
  a.collect();
  a.wants_read = false;
  peer_of_a.send("waits for B");
  settle();
  const std::size_t asked = a.asked_read;
  EXPECT_GT(asked, 0U);
  EXPECT_LT(rounds_in(), kFewRounds) << "a refusal must not spin";
  EXPECT_EQ(a.called, 0U);
  EXPECT_GT(a.asked_read, asked) << "asked again before every wait";
  b.on_read = [&, &a = a, &b = b] {
    if (!reactor.recv(b, 100).empty()) a.wants_read = true;
  };
  peer_of_b.send("drained");
  run_until([&a = a] { return a.received == "waits for B"; });
}

TEST_P(RoundTest, ParkedUntilATimerOrAPostChangesItsMind) {
  auto [handler, peer] = connected<AskedHandler>();
  handler.collect();
  handler.wants_read = false;
  peer.send("one");
  settle();
  reactor.call_later(5ms, [&handler = handler] { handler.wants_read = true; });
  run_until([&handler = handler] { return handler.received == "one"; });
  handler.wants_read = false;
  peer.send("two");
  settle();
  EXPECT_EQ(handler.received, "one");
  reactor.post([&handler = handler] { handler.wants_read = true; });
  run_until([&handler = handler] { return handler.received == "onetwo"; });
}

TEST_P(RoundTest, RefusedInTheMiddleOfWhatHasArrived) {
  auto [handler, peer] = connected<AskedHandler>();
  handler.on_read = [&, &handler = handler] {
    handler.received += reactor.recv(handler, 3);
    handler.wants_read = false;
  };
  peer.send("abcdef");
  run_until([&handler = handler] { return handler.received == "abc"; });
  EXPECT_LT(rounds_in(30ms), kFewRounds);
  EXPECT_EQ(handler.received, "abc");
  handler.wants_read = true;
  run_until([&handler = handler] { return handler.received == "abcdef"; });
}

TEST_P(RoundTest, NobodyIsAskedWhoHasNothingReady) {
  auto [idle, idle_peer] = connected<AskedHandler>();
  auto [busy, busy_peer] = connected<AskedHandler>();
  settle();
  const std::size_t reads = idle.asked_read;
  const std::size_t writes = idle.asked_write;
  busy.collect();
  for (std::size_t number = 1; number <= 20; ++number) {
    busy_peer.send("x");
    run_until([&busy = busy, number] { return busy.received.size() == number; });
  }
  EXPECT_EQ(idle.asked_read, reads);
  // It is writable, and whether it wants to write only it knows: asked, then asked before waits.
  EXPECT_LE(idle.asked_write, writes + reactor.stats().rounds);
}

TEST_P(RoundTest, Rule_Refusing_PausedReadinessIsRemembered) {
  auto [handler, peer] = connected();
  handler.collect();
  handler.pause_reading();
  EXPECT_TRUE(handler.reading_paused());
  peer.send("abc");
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(handler.called, 0U);
  handler.resume_reading();
  EXPECT_FALSE(handler.reading_paused());
  run_until([&handler = handler] { return handler.received == "abc"; });
}

TEST_P(RoundTest, PausedInItsOwnCallbackResumedByATimer) {
  auto [handler, peer] = connected();
  handler.on_read = [&, &handler = handler] {
    handler.received += reactor.recv(handler, 1);
    handler.pause_reading();
    reactor.call_later(1ms, [&handler] { handler.resume_reading(); });
  };
  peer.send("abcde");
  run_until([&handler = handler] { return handler.received == "abcde"; });
}

TEST_P(RoundTest, TheEndOfFileWaitsForThoseWhoPaused) {
  auto [handler, peer] = connected();
  handler.collect().expect_close();
  handler.pause_reading();
  peer.send("before the end");
  peer.close();
  EXPECT_LT(rounds_in(), kFewRounds) << "a peer that left must not spin a paused handler";
  EXPECT_EQ(handler.called, 0U);
  handler.resume_reading();
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(handler.received, "before the end");
}

TEST_P(RoundTest, PausedBeforeItHasADescriptor) {
  auto& handler = reactor.emplace<TestHandler>();
  handler.collect();
  handler.pause_reading();
  Connection connection = make_connection(family());
  reactor.add(handler, std::move(connection.ours), kind());
  connection.peer.send("abc");
  EXPECT_LT(rounds_in(30ms), kFewRounds);
  EXPECT_EQ(handler.called, 0U);
  handler.resume_reading();
  run_until([&handler] { return handler.received == "abc"; });
}

TEST_P(RoundTest, Rule_NoProgress_SixteenCallsAreLoggedOnceAndParked) {
  auto [handler, peer] = connected();
  handler.on_read = [] {};  // does nothing at all
  peer.send("x");
  EXPECT_LT(rounds_in(), kFewRounds) << "it spins";
  EXPECT_EQ(handler.called, 16U);
  EXPECT_EQ(reactor.stats().stuck, 1U);
  EXPECT_EQ(log.lines().size(), 1U);
  EXPECT_EQ(log.count("TestHandler"), 1U) << "the class is not named";
  // The next edge gives it another chance, without another line. (The engine poll sees no edge
  // before somebody has found the descriptor exhausted.)
  peer.send("y");
  if (GetParam().engine != "poll") {
    run_until([&handler = handler] { return handler.called == 32; });
  }
  EXPECT_EQ(log.lines().size(), 1U);
  // So does resume_reading().
  handler.collect();
  handler.resume_reading();
  run_until([&handler = handler] { return handler.received == "xy"; });
}

TEST_P(RoundTest, CallsThatDoNotWriteAreParkedToo) {
  auto [handler, peer] = connected();
  handler.on_write = [] {};
  handler.want_write(true);
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(handler.called, 16U);
  handler.on_write = [&, &handler = handler] {
    reactor.send(handler, "x");
    handler.want_write(false);
  };
  handler.want_write(true);
  run_until([&peer = peer] { return peer.readable(); });
}

TEST_P(RoundTest, OneOperationStartsTheCountAgain) {
  auto [handler, peer] = connected();
  int calls = 0;
  handler.on_read = [&, &handler = handler] {
    if (++calls % 16 == 0) handler.received += reactor.recv(handler, 1);
  };
  peer.send("abcdef");
  run_until([&handler = handler] { return handler.received == "abcdef"; });
  EXPECT_TRUE(log.lines().empty());
}

TEST_P(RoundTest, AConnectSucceeds) {
  const Listener listener(family());
  auto& handler = reactor.emplace<TestHandler>();
  bool connected = false;
  handler.on_connect = [&] {
    connected = true;
    EXPECT_TRUE(handler.connected());
    EXPECT_EQ(reactor.send(handler, "hello").bytes, 5U);
  };
  handler.collect().expect_close();
  reactor.connect(handler, listener.address);
  EXPECT_TRUE(handler.connecting());
  EXPECT_FALSE(connected) << "never from within connect()";
  run_until([&] { return connected; });
  Peer peer = listener.accept();
  EXPECT_EQ(receive(peer, 5), "hello");
  peer.send("and back");
  run_until([&] { return handler.received == "and back"; });
  peer.close();
  run_until([&] { return handler.closes == 1; });
}

TEST_P(RoundTest, Rule_Writable_AConnectIsCompletedRegardless) {
  const Listener listener(family());
  auto& handler = reactor.emplace<AskedHandler>();
  handler.wants_read = false;
  bool connected = false;
  handler.on_connect = [&] { connected = true; };
  reactor.connect(handler, listener.address);
  run_until([&] { return connected; });
  EXPECT_LT(rounds_in(), kFewRounds);
}

TEST_P(RoundTest, ARefusedConnectIsToldAndCanBeTriedAgain) {
  const SocketAddress nobody = refusing_address(family());
  auto& handler = reactor.emplace<TestHandler>();
  int refusals = 0;
  const auto try_it = [&] {
    try {
      reactor.connect(handler, nobody);
    } catch (const std::system_error& error) {  // a unix socket knows at once
      EXPECT_EQ(error.code().value(), ECONNREFUSED);
      ++refusals;
    }
  };
  handler.on_connect_error = [&](int error) {
    EXPECT_EQ(error, ECONNREFUSED);
    EXPECT_EQ(handler.descriptor(), -1);
    if (++refusals < 3) try_it();
  };
  try_it();
  while (refusals < 3 && !GetParam().internet()) try_it();
  run_until([&] { return refusals == 3; });
  const Listener listener(family());
  bool connected = false;
  handler.on_connect = [&] { connected = true; };
  reactor.connect(handler, listener.address);
  run_until([&] { return connected; });
}

TEST_P(RoundTest, ADisconnectedHandlerCanHaveAnotherConnection) {
  auto [handler, peer] = connected();
  handler.collect();
  peer.send("one");
  run_until([&handler = handler] { return handler.received == "one"; });
  handler.disconnect();
  EXPECT_EQ(handler.descriptor(), -1);
  EXPECT_TRUE(receive_all(peer).empty());
  Connection other = make_connection(family());
  reactor.add(handler, std::move(other.ours), kind());
  other.peer.send("two");
  run_until([&handler = handler] { return handler.received == "onetwo"; });
}

TEST_P(RoundTest, AListenerThatPausesLeavesTheOthersInTheQueue) {
  std::vector<UniqueFd> accepted;
  SocketAddress address;
  TestHandler* listener = nullptr;
  listener = &listen(
      [&](UniqueFd fd) {
        accepted.push_back(std::move(fd));
        listener->pause_reading();
      },
      address);
  std::vector<Peer> peers;
  for (int number = 0; number < 3; ++number) peers.emplace_back(address);
  run_until([&] { return accepted.size() == 1; });
  EXPECT_LT(rounds_in(30ms), kFewRounds);
  EXPECT_EQ(accepted.size(), 1U);
  listener->resume_reading();
  run_until([&] { return accepted.size() == 2; });
}

/// Small budgets, so that a turn's end shows.
class FairnessTest : public SettingCase {
 protected:
  static constexpr std::size_t kTurn = 8 * 1024;
  static constexpr std::size_t kPiece = 1024;
  FairnessTest()
      : SettingCase([] {
          ReactorOptions options;
          options.turn_bytes = kTurn;
          return options;
        }()) {}
};
BUNSHIN_EVERY_SETTING(FairnessTest);

TEST_P(FairnessTest, Rule_Budget_AFloodDoesNotStarveAPingPong) {
  auto [flooded, flooder] = connected();
  auto [player, ball] = connected();
  const std::string flood = pattern(64 * 1024);
  std::size_t since_last = 0;  // bytes of the flood between two pings
  std::size_t worst = 0;
  int pings = 0;
  flooded.on_read = [&, &flooded = flooded, &flooder = flooder] {
    since_last += reactor.recv(flooded, kPiece).size();
    flooder.send_now(flood);
  };
  player.on_read = [&, &player = player] {
    if (reactor.recv(player, 10).empty()) return;
    worst = std::max(worst, since_last);
    since_last = 0;
    reactor.send(player, "pong");
    ++pings;
  };
  flooder.send_now(flood);
  for (int round = 1; round <= 50; ++round) {
    ball.send("ping");
    since_last = 0;
    ASSERT_TRUE(run_until([&] { return pings == round; }));
    EXPECT_EQ(receive(ball, 4), "pong");
  }
  // At most the turn that was running and the next one: two rounds for an engine that receives by
  // itself and so hears of the ping one round later.
  EXPECT_LE(worst, 3 * (kTurn + kPiece));
}

TEST_P(FairnessTest, AFloodDelaysATimerByNoMoreThanARound) {
  auto [flooded, flooder] = connected();
  const std::string flood = pattern(64 * 1024);
  std::size_t since_last = 0;
  std::size_t worst = 0;
  int ticks = 0;
  flooded.on_read = [&, &flooded = flooded, &flooder = flooder] {
    since_last += reactor.recv(flooded, kPiece).size();
    flooder.send_now(flood);
  };
  std::function<void()> tick = [&] {
    worst = std::max(worst, since_last);
    since_last = 0;
    if (++ticks < 100) reactor.call_later(0ns, tick);
  };
  flooder.send_now(flood);
  reactor.call_later(0ns, tick);
  run_until([&] { return ticks == 100; });
  // In one round it has a turn for its event and one for what that left; and one more when the
  // timer is so late, on a machine under load, that the loop looks again before it is called.
  EXPECT_LE(worst, 3 * (kTurn + kPiece));
  EXPECT_GT(worst, 0U) << "there was no flood";
}

TEST_P(FairnessTest, Rule_Budget_WhatItLeftOverNeedsNoNewEdge) {
  auto [handler, peer] = connected();
  handler.collect(kPiece);
  const std::string text = pattern(10 * kTurn);
  peer.send(text);
  run_until([&handler = handler, &text] { return handler.received.size() == text.size(); });
  EXPECT_EQ(handler.received, text);
}

TEST_P(FairnessTest, WritingCountsAgainstTheBudgetToo) {
  auto [writer, reader] = connected();
  auto [other, other_peer] = connected();
  std::size_t since_last = 0;
  std::size_t worst = 0;
  writer.on_write = [&, &writer = writer, &reader = reader] {
    const std::size_t sent = reactor.send(writer, pattern(kPiece)).bytes;
    since_last += sent;
    if (reader.readable()) reader.receive(sent);
  };
  int seen = 0;
  other.on_read = [&, &other = other] {
    if (reactor.recv(other, 1).empty()) return;
    worst = std::max(worst, since_last);
    since_last = 0;
    ++seen;
  };
  writer.want_write(true);
  for (int round = 1; round <= 20; ++round) {
    other_peer.send("x");
    since_last = 0;
    ASSERT_TRUE(run_until([&] { return seen == round; }));
  }
  EXPECT_LE(worst, 3 * (kTurn + kPiece));
}

// --- What is ready comes before what is due ---

/// One event a wait and short turns: what is ready takes several rounds to be heard of.
class ReadyAndDueTest : public SettingCase {
 protected:
  ReadyAndDueTest() : SettingCase({.engine = {}, .turn_bytes = 16, .wait_events = 1}) {}
};
BUNSHIN_EVERY_SETTING(ReadyAndDueTest);

TEST_P(ReadyAndDueTest, AnAnswerThatHasArrivedCountsThoughItsTimeIsOver) {
  std::vector<std::pair<TestHandler&, Peer>> pairs;
  for (int number = 0; number < 5; ++number) {
    pairs.push_back(connected());
    pairs.back().first.collect();
  }
  settle();
  // As after a stop of the whole program: everything has happened, and nothing was looked at.
  int answered_in_time = -1;
  reactor.call_later(0ns, [&] {
    answered_in_time = 0;
    for (const auto& [handler, peer] : pairs) answered_in_time += handler.received == "answer";
  });
  for (auto& [handler, peer] : pairs) peer.send("answer");
  run_until([&] { return answered_in_time >= 0; });
  EXPECT_EQ(answered_in_time, 5);
}

TEST_P(ReadyAndDueTest, AFloodDoesNotStopTheTimers) {
  std::vector<std::pair<TestHandler&, Peer>> pairs;
  pairs.reserve(3);  // the callbacks keep references
  for (int number = 0; number < 3; ++number) {
    pairs.push_back(connected());
    pairs.back().first.on_read = [&handler = pairs.back().first, &peer = pairs.back().second] {
      handler.reactor().recv(handler);
      peer.send("x");
    };
  }
  for (auto& [handler, peer] : pairs) peer.send("x");
  bool fired = false;
  reactor.call_later(0ns, [&] { fired = true; });
  run_until([&] { return fired; });
}

}  // namespace
}  // namespace bunshin::testing
