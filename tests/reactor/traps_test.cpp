// The traps of edge-triggered sockets, one test or more each, named after it. Number 5 is in
// callback_traps_test.cpp, number 12 in error_traps_test.cpp; those of ttys, pipes, files, timers
// and threads are in file_traps_test.cpp, those of whole handlers in tests/handlers.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "tests/support/descriptor_limit.h"
#include "tests/support/fixture.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

class TrapsTest : public SettingCase {
 protected:
  /// Where the engine accepts, connects and sends by plain system calls, which can be made to fail.
  [[nodiscard]] bool plain_calls() const { return GetParam().engine != "io_uring"; }
};
BUNSHIN_EVERY_SETTING(TrapsTest);
class InternetTrapsTest : public TrapsTest {};
BUNSHIN_INTERNET_SETTINGS(InternetTrapsTest);

// --- 1: a short read that is not the end ---

TEST_P(TrapsTest, Trap01_TheEndOfFileBehindTheData) {
  auto [handler, peer] = connected();
  handler.collect().expect_close();
  settle();
  peer.send("all that it has to say");
  peer.shut_down_sending();
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(handler.received, "all that it has to say");
}

TEST_P(TrapsTest, Trap01_TheEndOfFileSeenRoundsLaterByOneWhoReadsInPieces) {
  auto [handler, peer] = connected();
  handler.expect_close();
  handler.on_read = [&, &handler = handler] {
    handler.received += reactor.recv(handler, 3);
    handler.pause_reading();
    reactor.call_later(1ms, [&handler] { handler.resume_reading(); });
  };
  peer.send("0123456789");
  run_until([&handler = handler] { return handler.received.size() >= 3; });
  peer.shut_down_sending();  // while it is in the middle
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(handler.received, "0123456789");
}

TEST_P(TrapsTest, Trap01_AShortReadWithTheEndAlreadyBehindIt) {
  auto [handler, peer] = connected();
  handler.collect(4).expect_close();
  handler.pause_reading();
  peer.send("0123456789");
  peer.close();
  settle();  // the one edge tells of everything
  handler.resume_reading();
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(handler.received, "0123456789");
}

TEST_P(InternetTrapsTest, Trap01_AResetBehindTheData) {
  for (const std::size_t piece : {3U, 1000U}) {
    auto [handler, peer] = connected();
    handler.collect(piece).expect_close();
    handler.pause_reading();
    peer.send("0123456789");
    settle();
    peer.reset();
    settle();
    handler.resume_reading();
    run_until([&handler = handler] { return handler.closes == 1; });
    EXPECT_EQ(handler.close_error, ECONNRESET);
    EXPECT_EQ(std::string("0123456789").find(handler.received), 0U);
  }
}

TEST_P(InternetTrapsTest, Trap01_AnOutOfBandMarkInTheData) {
  for (const bool all_at_once : {true, false}) {
    auto [handler, peer] = connected();
    handler.collect();
    handler.on_expt = [] {};
    if (all_at_once) handler.pause_reading();
    peer.send("before");
    if (!all_at_once) settle();
    peer.send_urgent('!');
    peer.send("after");
    settle();
    if (all_at_once) handler.resume_reading();
    run_until([&handler = handler] { return handler.received == "beforeafter"; });
    handler.close();
  }
}

TEST_P(TrapsTest, Trap01_PassedDescriptorsInTheData) {
  if (GetParam().internet()) return;  // only unix sockets pass descriptors
  auto [handler, peer] = connected();
  handler.collect();
  handler.pause_reading();
  const std::string path = make_file("passed");
  peer.send("one ");
  peer.send_with_descriptor("two ", peer.descriptor());
  peer.send("three");
  settle();
  handler.resume_reading();
  run_until([&handler = handler] { return handler.received == "one two three"; });
}

// --- 3: out of descriptors ---

TEST_P(TrapsTest, Trap03_OutOfDescriptorsNothingHangsSpinsOrIsLost) {
  std::vector<UniqueFd> accepted;
  SocketAddress address;
  auto& victim = reactor.emplace<TestHandler>();
  Connection connection = make_connection(family());
  reactor.add(victim, std::move(connection.ours), kind());
  std::vector<Peer> peers;
  TestHandler& listener = listen([&](UniqueFd fd) { accepted.push_back(std::move(fd)); }, address);
  for (int number = 0; number < 5; ++number) peers.emplace_back(address);
  DescriptorLimit limit(0);
  limit.exhaust();
  EXPECT_LT(rounds_in(600ms), 2 * kFewRounds) << "it spins";
  EXPECT_TRUE(accepted.empty());
  EXPECT_EQ(log.count("cannot accept"), 1U) << "one line a period, however often it is tried";
  EXPECT_GE(reactor.stats().starved, 2U);
  // Closing any descriptor of our own retries at once: long before the next retry by timer.
  victim.close();
  const auto before = Clock::now();
  run_until([&] { return accepted.size() == 1; });
  EXPECT_LT(Clock::now() - before, 150ms);
  limit.release(10);
  run_until([&] { return accepted.size() == 5; });
  EXPECT_EQ(log.count("cannot accept"), 1U);
  listener.close();
}

TEST_P(TrapsTest, Trap03_ItsKinAreTheSame_WhereTheReactorAccepts) {
  if (!plain_calls()) return;
  for (const int error : {ENFILE, ENOBUFS, ENOMEM}) {
    std::vector<UniqueFd> accepted;
    SocketAddress address;
    TestHandler& listener =
        listen([&](UniqueFd fd) { accepted.push_back(std::move(fd)); }, address);
    fail_next(Call::accept, error);
    const Peer peer(address);
    run_until([&] { return accepted.size() == 1; });
    EXPECT_EQ(failures_left(Call::accept), 0U);
    listener.close();
  }
}

TEST_P(TrapsTest, Trap03_AListenerThatClosesWhileItIsStarved) {
  SocketAddress address;
  TestHandler& listener = listen([](UniqueFd) {}, address);
  const Peer peer(address);
  DescriptorLimit limit(0);
  limit.exhaust();
  run_until([&] { return reactor.stats().starved > 0; });
  // Within a round, which ends with the destruction of the last one that starved.
  reactor.post([&listener] { listener.close(); });
  limit.release(3);
  reactor.keep_running();
  EXPECT_LT(rounds_in(300ms), kFewRounds) << "it spins, for nobody";
}

// --- 4: a number reused within the round ---

TEST_P(TrapsTest, Trap04_DescriptorReusedWithinTheRound) {
  auto [a, peer_of_a] = connected();
  auto [b, peer_of_b] = connected();
  Connection spare = make_connection(family());
  Reactor& loop = reactor;
  auto& newcomer = reactor.emplace<TestHandler>();  // fails on any callback
  bool reused = false;
  // Whoever has its turn first closes the other, whose event is in hand, and puts a newcomer, who
  // has nothing to read, on its number.
  const auto take_over = [&](TestHandler& self, TestHandler& other) {
    return [&, self = &self, other = &other] {
      if (self->reactor().recv(*self, 100).empty() || reused) return;
      const int number = other->descriptor();
      other->close();
      if (is_open(number)) return;  // an engine that closes later: the number is not free yet
      ASSERT_EQ(::dup2(spare.ours.get(), number), number);
      spare.ours.reset();
      loop.add(newcomer, UniqueFd(number), kind());
      reused = true;
    };
  };
  a.on_read = take_over(a, b);
  b.on_read = take_over(b, a);
  settle();
  peer_of_a.send("x");
  peer_of_b.send("y");
  rounds_in(20ms);
  EXPECT_EQ(newcomer.called, 0U) << "it got the event of the dead";
  if (GetParam().engine == "epoll") {
    EXPECT_TRUE(reused);
    EXPECT_EQ(reactor.stats().stale_events, 1U) << "the events did not come in one round";
  }
  if (!reused) return;
  newcomer.collect();
  spare.peer.send("its own");
  run_until([&] { return newcomer.received == "its own"; });
}

// --- 6: a dup outlives close ---

TEST_P(TrapsTest, Trap06_ADuplicateOutlivesClose) {
  auto [handler, peer] = connected();
  settle();
  const UniqueFd duplicate(::dup(handler.descriptor()));
  handler.close();
  run_rounds(2);
  const auto events = reactor.stats().events;
  const auto stale = reactor.stats().stale_events;
  peer.send("to the duplicate");
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(reactor.stats().events, events) << "the kernel still reports what was closed";
  EXPECT_EQ(reactor.stats().stale_events, stale);
  EXPECT_EQ(read_some(duplicate.get()), "to the duplicate");
}

// --- 7: half-closed is not closed ---

TEST_P(TrapsTest, Trap07_HalfClosedIsNotClosed) {
  auto [handler, peer] = connected<AskedHandler>();
  const std::string answer = pattern(2 * 1024 * 1024);
  std::string_view left = answer;
  handler.collect().expect_close();
  handler.in_debt = true;
  handler.on_write = [&, &handler = handler] {
    left.remove_prefix(reactor.send(handler, left).bytes);
    handler.in_debt = !left.empty();
    handler.want_write(!left.empty());
  };
  peer.send("a question, and nothing more");
  peer.shut_down_sending();
  run_until([&handler = handler] { return handler.ended(); });
  EXPECT_EQ(handler.closes, 0);
  handler.want_write(true);
  EXPECT_TRUE(receive_all(peer) == answer);
  EXPECT_EQ(handler.closes, 1);
}

// --- 9: connecting ---

TEST_P(InternetTrapsTest, Trap09_WritableIsNotConnected) {
  auto& handler = reactor.emplace<TestHandler>();  // handle_connect would fail the test
  int error = 0;
  handler.on_connect_error = [&](int why) { error = why; };
  reactor.connect(handler, refusing_address(family()));
  run_until([&] { return error != 0; });
  EXPECT_EQ(error, ECONNREFUSED);
  EXPECT_FALSE(handler.connected());
}

TEST_P(InternetTrapsTest, Trap09_ConnectedToItselfIsRefused) {
  auto& handler = reactor.emplace<TestHandler>();
  int error = 0;
  handler.on_connect_error = [&](int why) { error = why; };
  const SocketAddress nobody = refusing_address(family());
  {
    const ConnectToSelf to_self;
    reactor.connect(handler, nobody);
  }
  run_until([&] { return error != 0; });
  EXPECT_EQ(error, ECONNREFUSED);
}

TEST_P(InternetTrapsTest, Trap09_AConnectThatHangsIsQuiet) {
  // Linux drops what comes to a full backlog, so this connect stays in progress.
  const Listener listener(family(), 0);
  const Peer first(listener.address);
  std::vector<UniqueFd> others;
  for (int number = 0; number < 4; ++number) {
    UniqueFd other = make_stream_socket(listener.address.family());
    (void)::connect(other.get(), listener.address.data(), listener.address.size());
    others.push_back(std::move(other));
  }
  auto& handler = reactor.emplace<TestHandler>();
  reactor.connect(handler, listener.address);
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_TRUE(handler.connecting());
  EXPECT_EQ(reactor.send(handler, "too early").bytes, 0U);
  handler.close();
  EXPECT_LT(rounds_in(30ms), kFewRounds);
}

// --- 16: a hung-up descriptor left registered ---

TEST_P(TrapsTest, Trap16_AHungUpDescriptorLeftRegistered) {
  for (const Model model : {Model::remembered, Model::drain, Model::level}) {
    auto [handler, peer] = connected(model);
    handler.on_close = [] {};  // and does not close
    handler.collect();
    peer.reset();
    EXPECT_LT(rounds_in(30ms), kFewRounds) << "model " << static_cast<int>(model);
    handler.close();
    // The same for one who does not even look.
    auto [blind, other_peer] = connected(model);
    blind.pause_reading();
    other_peer.send("never read");
    other_peer.reset();
    EXPECT_LT(rounds_in(30ms), kFewRounds) << "model " << static_cast<int>(model);
    blind.close();
  }
}

}  // namespace
}  // namespace bunshin::testing
