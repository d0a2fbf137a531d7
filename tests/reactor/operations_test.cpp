// What handlers can do with their descriptors, and what the reactor learns from it.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <thread>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

class OperationsTest : public SettingCase {};
BUNSHIN_EVERY_SETTING(OperationsTest);

TEST_P(OperationsTest, AHandlerIsCalledForWhatArrivesAndThenLeftAlone) {
  auto [handler, peer] = connected();
  handler.collect();
  for (const std::string text : {"abc", "defgh", "i"}) {
    handler.received.clear();
    peer.send(text);
    run_until([&handler = handler, &text] { return handler.received == text; });
    settle();
    const std::size_t called = handler.called;
    EXPECT_LT(rounds_in(), kFewRounds);
    EXPECT_EQ(handler.called, called);
  }
}

TEST_P(OperationsTest, ReadingInPiecesNeedsNoNewEdge) {
  auto [handler, peer] = connected();
  handler.collect(7);
  const std::string text = pattern(10000);
  peer.send(text);
  run_until([&handler = handler, &text] { return handler.received.size() == text.size(); });
  EXPECT_EQ(handler.received, text);
}

TEST_P(OperationsTest, ReceivesIntoABufferOfTheCallers) {
  auto [handler, peer] = connected();
  std::array<char, 4> buffer{};
  std::string all;
  handler.on_read = [&, &handler = handler] {
    const IoResult result = reactor.recv_into(handler, buffer);
    EXPECT_NE(result.status, IoStatus::failed);
    all.append(buffer.data(), result.bytes);
  };
  peer.send("0123456789");
  run_until([&] { return all.size() == 10; });
  EXPECT_EQ(all, "0123456789");
}

TEST_P(OperationsTest, Rule_EndOfFile_IsToldOnceAndEndsReading) {
  auto [handler, peer] = connected();
  handler.collect();
  handler.on_close = [&handler = handler] { ++handler.closes; };  // and stays open
  peer.send("last");
  peer.shut_down_sending();
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(handler.received, "last");
  EXPECT_EQ(handler.error(), 0);
  EXPECT_TRUE(handler.ended());
  const std::size_t called = handler.called;
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(handler.called, called) << "the bit was acted on again";
}

TEST_P(OperationsTest, Rule_EndOfFile_HandleCloseWaitsForWhatIsOwed) {
  auto [handler, peer] = connected<AskedHandler>();
  handler.collect().expect_close();
  handler.in_debt = true;
  peer.shut_down_sending();
  run_until([&handler = handler] { return handler.ended(); });
  EXPECT_LT(rounds_in(30ms), kFewRounds);
  EXPECT_EQ(handler.closes, 0);
  handler.on_write = [&, &handler = handler] {
    if (reactor.send(handler, "owed").bytes == 0) return;
    handler.in_debt = handler.wants_write = false;
    handler.want_write(false);
  };
  handler.wants_write = true;
  handler.want_write(true);
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(receive_all(peer), "owed");
}

TEST_P(OperationsTest, Rule_Writable_IsFalseByDefault) {
  auto [handler, peer] = connected();  // handle_write would fail the test
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(handler.called, 0U);
}

TEST_P(OperationsTest, Rule_Writes_FollowTheWritableBitAlone) {
  auto [handler, peer] = connected();
  int writes = 0;
  handler.on_write = [&, &handler = handler] {
    ++writes;
    EXPECT_EQ(reactor.send(handler, "x").bytes, 1U);
    handler.want_write(false);
  };
  for (int time = 1; time <= 3; ++time) {
    handler.want_write(true);
    run_until([&] { return writes == time; });
    EXPECT_EQ(receive(peer, 1), "x");
  }
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(writes, 3);
}

TEST_P(OperationsTest, AFullSocketIsLeftAloneUntilThePeerReads) {
  auto [handler, peer] = connected();
  const std::string block = pattern(32 * 1024);
  std::size_t sent = 0;
  bool full = false;
  handler.on_write = [&, &handler = handler] {
    const IoResult result = reactor.send(handler, block);
    sent += result.bytes;
    full = result.status == IoStatus::exhausted;
  };
  handler.want_write(true);
  // Until nothing goes on any more: an engine that sends by itself frees its buffers meanwhile.
  std::size_t before = 1;
  while (before != sent) {
    before = sent;
    run_until([&] { return full; });
    rounds_in(20ms);
  }
  const std::size_t called = handler.called;
  EXPECT_LT(rounds_in(), kFewRounds) << "full is not a reason to spin";
  EXPECT_EQ(handler.called, called);
  full = false;
  EXPECT_EQ(receive(peer, before).size(), before);
  run_until([&] { return sent > before; });
}

TEST_P(OperationsTest, FiveMegabytesEachWayAtOnce) {
  const std::string text = pattern(5 * 1024 * 1024);
  auto [handler, peer] = connected();
  std::string_view left = text;
  handler.collect();
  handler.on_write = [&, &handler = handler] {
    left.remove_prefix(reactor.send(handler, left.substr(0, 100000)).bytes);
    if (left.empty()) handler.want_write(false);
  };
  handler.want_write(true);
  std::string back;
  std::thread sender([&text, &peer = peer] { peer.send(text); });
  std::atomic<bool> received{false};
  std::thread receiver([&, &peer = peer] {
    back = peer.receive(text.size());
    received = true;
  });
  run_until([&, &handler = handler] {
    return received && left.empty() && handler.received.size() == text.size();
  });
  sender.join();
  receiver.join();
  EXPECT_TRUE(handler.received == text);
  EXPECT_TRUE(back == text);
}

TEST_P(OperationsTest, SendingNothingDoesNothing) {
  auto [handler, peer] = connected();
  const IoResult result = reactor.send(handler, "");
  EXPECT_EQ(result.bytes, 0U);
  EXPECT_EQ(result.status, IoStatus::done);
  EXPECT_LT(rounds_in(30ms), kFewRounds);
  EXPECT_FALSE(peer.readable());
}

TEST_P(OperationsTest, ShuttingDownSendingLeavesReading) {
  auto [handler, peer] = connected();
  handler.collect();
  reactor.send(handler, "bye");
  EXPECT_TRUE(reactor.shut_down_sending(handler));
  EXPECT_EQ(receive_all(peer), "bye");
  peer.send("answer");
  run_until([&handler = handler] { return handler.received == "answer"; });
}

TEST_P(OperationsTest, OperationsOnAClosedHandlerAreHarmless) {
  auto [handler, peer] = connected();
  handler.close();
  EXPECT_TRUE(reactor.recv(handler, 100).empty());
  EXPECT_EQ(reactor.send(handler, "x").bytes, 0U);
  EXPECT_FALSE(reactor.accept(handler));
  handler.pause_reading();
  handler.resume_reading();
  handler.want_write(true);
  handler.discard_input();
  handler.close();
  run_rounds(2);
  EXPECT_TRUE(receive_all(peer).empty());
}

TEST_P(OperationsTest, DiscardedInputIsReadToTheEnd) {
  auto [handler, peer] = connected();  // handle_read would fail the test
  handler.expect_close();
  handler.discard_input();
  std::thread sender([&peer = peer] {
    peer.send(pattern(1024 * 1024));
    peer.shut_down_sending();
  });
  run_until([&handler = handler] { return handler.closes == 1; });
  sender.join();
  EXPECT_EQ(handler.close_error, 0);
}

TEST_P(OperationsTest, AWriteToOneWhoIsGoneFailsAndIsTold) {
  auto [handler, peer] = connected();
  handler.pause_reading();  // so that the end of file is not what tells
  handler.expect_close();
  handler.on_write = [&, &handler = handler] { reactor.send(handler, pattern(1000)); };
  peer.send("unread");
  peer.close();
  handler.want_write(true);
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_TRUE(handler.close_error == EPIPE || handler.close_error == ECONNRESET)
      << handler.close_error;
}

TEST_P(OperationsTest, OneEdgeIsEnoughToAcceptAllWhoWait) {
  std::vector<UniqueFd> accepted;
  SocketAddress address;
  listen([&](UniqueFd fd) { accepted.push_back(std::move(fd)); }, address);
  std::vector<Peer> peers;
  for (int number = 0; number < 20; ++number) peers.emplace_back(address);
  run_until([&] { return accepted.size() == 20; });
  EXPECT_LT(rounds_in(), kFewRounds);
  peers.emplace_back(address);
  run_until([&] { return accepted.size() == 21; });
}

TEST_P(OperationsTest, AnAcceptedConnectionWorksAndKnowsItsPeer) {
  Listener listener(family());
  auto& handler = add(std::move(listener.socket), Kind::listener);
  SocketAddress who;
  handler.on_accept = [&] {
    Accepted accepted = reactor.accept(handler);
    if (!accepted) {
      EXPECT_EQ(accepted.status, IoStatus::exhausted);
      return;
    }
    who = accepted.peer;
    EXPECT_EQ(accepted.socket.kind, kind());
    add(std::move(accepted.socket.fd), accepted.socket.kind).collect().expect_close();
  };
  Peer peer(listener.address);
  peer.send("hello");
  run_until([&] {
    bool there = false;
    reactor.for_each(
        [&](EventHandler& one) { there |= static_cast<TestHandler&>(one).received == "hello"; });
    return there;
  });
  if (GetParam().internet()) {
    EXPECT_EQ(who, peer.local_address());
  }
}

class InternetOperationsTest : public SettingCase {};
BUNSHIN_INTERNET_SETTINGS(InternetOperationsTest);

TEST_P(InternetOperationsTest, AResetIsAFailureThatIsTold) {
  auto [handler, peer] = connected();
  handler.collect().expect_close();
  peer.reset();
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(handler.close_error, ECONNRESET);
}

TEST_P(InternetOperationsTest, UrgentDataIsTold) {
  auto [handler, peer] = connected();
  // io_uring does not tell (see uring_engine.cpp); FreeBSD's kqueue has no way to, macOS's has.
  if (GetParam().engine == "kqueue" || GetParam().engine == "io_uring") {
    handler.on_expt = [] {};
    peer.send_urgent('!');
    EXPECT_LT(rounds_in(), kFewRounds);
    return;
  }
  handler.collect();
  char urgent = 0;
  handler.on_expt = [&, &handler = handler] {
    ::recv(handler.descriptor(), &urgent, 1, MSG_OOB | MSG_DONTWAIT);
  };
  peer.send("ab");
  peer.send_urgent('!');
  peer.send("cd");
  run_until([&, &handler = handler] { return urgent == '!' && handler.received == "abcd"; });
  EXPECT_LT(rounds_in(), kFewRounds);
}

TEST_P(OperationsTest, ReceivingIntoABufferTellsTheEndOfTheFile) {
  auto [handler, peer] = connected();
  handler.expect_close();
  std::array<char, 8> buffer{};
  IoResult last;
  std::size_t bytes = 0;
  handler.on_read = [&, &handler = handler] {
    last = reactor.recv_into(handler, buffer);
    bytes += last.bytes;
  };
  peer.send("abc");
  run_until([&] { return bytes == 3; });
  peer.shut_down_sending();
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(last.status, IoStatus::end_of_file);
}

}  // namespace
}  // namespace bunshin::testing
