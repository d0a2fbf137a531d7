#include "handlers/buffered_dispatcher.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <string>
#include <thread>
#include <utility>

#include "handlers/echo.h"
#include "tests/handlers/noted.h"

namespace bunshin::testing {
namespace {

constexpr std::size_t kMegabyte = 1024 * 1024;

/// Counts what the watermarks tell.
class Sender : public Noted<BufferedDispatcher> {
 public:
  using Noted::Noted;

  Watermarks marks = BufferedDispatcher::watermarks();
  std::function<void()> on_full, on_drained;
  std::vector<std::size_t> full_at, drained_at;  // bytes buffered

  [[nodiscard]] Watermarks watermarks() const override { return marks; }
  void handle_full() override {
    full_at.push_back(buffered());
    if (on_full) return on_full();
    Noted::handle_full();
  }
  void handle_drained() override {
    drained_at.push_back(buffered());
    if (on_drained) return on_drained();
    Noted::handle_drained();
  }
  /// Sends `piece` again and again until `bytes` wait, and returns all that was sent.
  std::string fill(std::size_t bytes, const std::string& piece) {
    std::string all;
    while (buffered() < bytes && send(piece)) all += piece;
    return all;
  }
};

class BufferedDispatcherTest : public HandlerCase {
 protected:
  const std::string piece = pattern(16 * 1024);
};
BUNSHIN_EVERY_SETTING(BufferedDispatcherTest);

TEST_P(BufferedDispatcherTest, WhatTheKernelTakesIsNotKept) {
  auto [sender, peer] = serve<Sender>(notes);
  EXPECT_TRUE(sender.send("hello"));
  EXPECT_EQ(sender.buffered(), 0U);
  EXPECT_FALSE(sender.owes());
  EXPECT_TRUE(sender.send(""));
  EXPECT_EQ(receive(peer, 5), "hello");
  EXPECT_TRUE(comes_to_rest());
}

TEST_P(BufferedDispatcherTest, TheRestIsKeptAndSentInOrder) {
  auto [sender, peer] = serve<Sender>(notes);
  const std::string text = pattern(16 * kMegabyte);
  EXPECT_TRUE(sender.send(text));
  EXPECT_TRUE(sender.send("the end"));
  EXPECT_GT(sender.buffered(), 0U);
  EXPECT_TRUE(sender.owes());
  EXPECT_TRUE(comes_to_rest()) << "waiting for a slow peer must not spin";
  EXPECT_TRUE(receive(peer, text.size() + 7) == text + "the end");
  run_until([&sender = sender] { return !sender.owes(); });
}

TEST_P(BufferedDispatcherTest, FullIsToldOnceAndDrainedOnce) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.marks = {100 * 1024, 10 * 1024};
  for (std::size_t time = 1; time <= 3; ++time) {
    const std::string sent = sender.fill(kMegabyte, piece);
    ASSERT_EQ(sender.full_at.size(), time);
    EXPECT_GE(sender.full_at.back(), sender.marks.high);
    EXPECT_LT(sender.full_at.back(), sender.marks.high + piece.size());
    EXPECT_TRUE(sender.reading_paused());
    EXPECT_EQ(sender.drained_at.size(), time - 1);
    EXPECT_TRUE(receive(peer, sent.size()) == sent);
    run_until([&sender = sender] { return !sender.owes(); });
    ASSERT_EQ(sender.drained_at.size(), time);
    EXPECT_LE(sender.drained_at.back(), sender.marks.low);
    EXPECT_FALSE(sender.reading_paused());
  }
}

TEST_P(BufferedDispatcherTest, SendingFromHandleDrainedGoesOn) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.marks = {100 * 1024, 0};
  std::string sent;
  sender.on_full = [] {};
  sender.on_drained = [&, &sender = sender] {
    if (sender.full_at.size() < 3) sent += sender.fill(200 * 1024, piece);
  };
  sent = sender.fill(200 * 1024, piece);
  std::string got;
  run_until([&, &sender = sender, &peer = peer] {
    if (peer.readable()) got += peer.receive_some(kMegabyte);
    return sender.drained_at.size() == 3 && got.size() == sent.size();
  });
  EXPECT_TRUE(got == sent);
}

TEST_P(BufferedDispatcherTest, ClosingInHandleFull) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.on_full = [&sender = sender] { sender.close(); };
  sender.fill(16 * kMegabyte, piece);
  EXPECT_TRUE(sender.closed());
  EXPECT_FALSE(sender.send("more")) << "nobody will get it";
  settle();
  EXPECT_TRUE(notes.destroyed);
}

TEST_P(BufferedDispatcherTest, ClosingInHandleDrained) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.on_full = [] {};
  sender.on_drained = [&sender = sender] { sender.close(); };
  sender.marks = {100 * 1024, 0};
  const std::string sent = sender.fill(kMegabyte, piece);
  EXPECT_TRUE(receive(peer, sent.size()) == sent);
  run_until([&] { return notes.destroyed; });
}

TEST_P(BufferedDispatcherTest, AClientThatDoesNotReadIsNotRead) {
  auto [echo, peer] = serve<EchoHandler>();
  const std::string text = pattern(24 * kMegabyte);
  std::size_t sent = 0;
  run_until([&, &peer = peer, &echo = echo] {
    sent += peer.send_now(std::string_view(text).substr(sent));
    return echo.reading_paused() || sent == text.size();
  });
  for (std::size_t before = 0; before != sent; settle()) {
    before = sent;
    sent += peer.send_now(std::string_view(text).substr(sent));
  }
  ASSERT_LT(sent, text.size()) << "it was read without end";
  EXPECT_LE(echo.buffered(), echo.watermarks().high + reactor.options().scratch_bytes);
  EXPECT_TRUE(comes_to_rest());
  EXPECT_TRUE(receive(peer, sent) == text.substr(0, sent)) << "something was lost";
}

// Trap 7: after the peer shuts down its sending side, what we owe it is still delivered.
TEST_P(BufferedDispatcherTest, AHalfClosedClientGetsAllItsTenMegabytes) {
  for (const Model model : {Model::remembered, Model::drain, Model::level}) {
    Connection connection = make_connection(family());
    notes.destroyed = false;
    class Echo : public Noted<EchoHandler> {
     public:
      using Noted::Noted;
      void handle_read() override { EchoHandler::handle_read(); }
    };
    reactor.emplace<Echo>(notes, StreamSocket(std::move(connection.ours)), model);
    const std::string text = pattern(10 * kMegabyte);
    EXPECT_TRUE(exchange(connection.peer, text) == text);
    run_until([&] { return notes.destroyed; });
    EXPECT_EQ(notes.close_error, 0);
  }
  EXPECT_EQ(notes.closes, 3);
}

TEST_P(BufferedDispatcherTest, AHalfClosedClientThatReadsNothingYetIsWaitedFor) {
  auto [sender, peer] = serve<Sender>(notes);
  const std::string text = pattern(16 * kMegabyte);
  sender.send(text);
  peer.shut_down_sending();
  EXPECT_TRUE(comes_to_rest());
  EXPECT_EQ(notes.closes, 0) << "handle_close is for when nothing is owed any more";
  EXPECT_TRUE(receive_all(peer) == text);
  run_until([&] { return notes.destroyed; });
}

// The same when so little is owed that it goes on reading, and so has read the end.
TEST_P(BufferedDispatcherTest, TheEndOfFileWaitsForALittleDebt) {
  auto [sender, peer] = serve<Sender>(notes);
  std::string text;
  while (sender.buffered() == 0) {  // an engine may find room for more in its rounds
    text += sender.fill(100 * 1024, piece);
    ASSERT_TRUE(comes_to_rest());
  }
  ASSERT_FALSE(sender.reading_paused());
  peer.shut_down_sending();
  run_until([&sender = sender] { return sender.ended(); });
  EXPECT_TRUE(comes_to_rest());
  EXPECT_EQ(notes.closes, 0);
  EXPECT_TRUE(receive_all(peer) == text);
  run_until([&] { return notes.destroyed; });
}

// Trap 14: closing a socket with unread input resets it and destroys what was owed.
TEST_P(BufferedDispatcherTest, CloseWhenDoneDeliversEverythingThoughUnreadInputWaits) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.pause_reading();
  const std::string text = pattern(16 * kMegabyte);
  peer.send_now(pattern(kMegabyte));
  settle();
  sender.send(text);
  sender.close_when_done();
  EXPECT_FALSE(sender.send("more"));
  EXPECT_TRUE(receive_all(peer) == text);
  // It goes on dropping what comes, and ends when the peer does.
  peer.send("nobody reads this");
  settle();
  EXPECT_FALSE(notes.destroyed);
  peer.close();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.received, "");
}

TEST_P(BufferedDispatcherTest, CloseWhenDoneDeliversASmallAnswerToo) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.pause_reading();
  peer.send("unread");
  settle();
  sender.send("goodbye");
  sender.close_when_done();
  EXPECT_EQ(receive_all(peer), "goodbye");
}

TEST_P(BufferedDispatcherTest, CloseWhenDoneWaitsForThePeerOnlySoLong) {
  auto [sender, peer] = serve<Sender>(notes);
  const auto start = Clock::now();
  sender.close_when_done(30ms);
  sender.close_when_done(1h);  // the first counts
  EXPECT_EQ(receive_all(peer), "");
  EXPECT_FALSE(notes.destroyed && Clock::now() - start < 30ms);
  run_until([&] { return notes.destroyed; });
  EXPECT_GE(Clock::now() - start, 30ms);
}

TEST_P(BufferedDispatcherTest, CloseWhenDoneClosesAtOnceWhenThePeerHasEnded) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.on_close = [&sender = sender] { sender.close_when_done(1h); };
  peer.shut_down_sending();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(receive_all(peer), "");
}

TEST_P(BufferedDispatcherTest, CloseWhenDoneWithoutAConnection) {
  auto& sender = reactor.emplace<Sender>(notes);
  EXPECT_FALSE(sender.send("to nobody"));
  sender.shut_down_when_done();
  sender.close_when_done();
  settle();
  EXPECT_TRUE(notes.destroyed);
}

TEST_P(BufferedDispatcherTest, ShutDownWhenDoneEndsSendingAndGoesOnReading) {
  auto [sender, peer] = serve<Sender>(notes);
  const std::string text = pattern(16 * kMegabyte);
  sender.send(text);
  sender.shut_down_when_done();
  EXPECT_FALSE(sender.send("more"));
  EXPECT_TRUE(receive_all(peer) == text);
  peer.send("an answer");
  peer.close();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.received, "an answer");
}

TEST_P(BufferedDispatcherTest, ShutDownWhenDoneWithNothingToSend) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.shut_down_when_done();
  EXPECT_EQ(receive_all(peer), "");
  EXPECT_FALSE(notes.destroyed);
}

TEST_P(BufferedDispatcherTest, ClosingAfterShuttingDown) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.shut_down_when_done();
  EXPECT_EQ(receive_all(peer), "");
  sender.close_when_done();
  peer.send("dropped");
  peer.close();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.received, "");
}

TEST_P(BufferedDispatcherTest, AResetEndsItThoughSomethingIsOwed) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.send(pattern(16 * kMegabyte));
  settle();
  ASSERT_TRUE(sender.owes());
  peer.reset();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.closes, 1);
  EXPECT_THAT(notes.close_error, ::testing::AnyOf(ECONNRESET, EPIPE));
}

TEST_P(BufferedDispatcherTest, NothingIsTakenFromThoseWhoSendAfterAFailure) {
  auto [sender, peer] = serve<Sender>(notes);
  bool taken = true;
  sender.on_close = [&, &sender = sender] {
    taken = sender.send("too late");
    sender.close_when_done();
  };
  sender.send(pattern(16 * kMegabyte));
  peer.reset();
  run_until([&] { return notes.destroyed; });
  EXPECT_FALSE(taken);
}

TEST_P(BufferedDispatcherTest, FinishingDeliversWhatIsOwed) {
  auto [sender, peer] = serve<Sender>(notes);
  const std::string text = pattern(16 * kMegabyte);
  sender.send(text);
  std::string got;
  std::thread reader([&, &peer = peer] {
    got = peer.receive_all();
    peer.close();
  });
  reactor.finish(5s);
  reactor.run();
  reader.join();
  EXPECT_TRUE(got == text);
  EXPECT_TRUE(notes.destroyed);
  EXPECT_THAT(log.lines(), ::testing::IsEmpty());
}

TEST_P(BufferedDispatcherTest, FinishingDoesNotWaitForEverForOneWhoDoesNotRead) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.send(pattern(16 * kMegabyte));
  const auto start = Clock::now();
  reactor.finish(50ms);
  reactor.run();
  EXPECT_GE(Clock::now() - start, 50ms);
  EXPECT_EQ(log.count("did not finish in time"), 1U);
}

TEST_P(BufferedDispatcherTest, DisconnectDropsWhatWasBuffered) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.marks = {100 * 1024, 0};
  sender.fill(kMegabyte, piece);
  sender.disconnect();
  EXPECT_EQ(sender.buffered(), 0U);
  Connection other = make_connection(family());
  reactor.add(sender, std::move(other.ours), kind());
  EXPECT_TRUE(sender.send("fresh"));
  EXPECT_EQ(receive(other.peer, 5), "fresh");
  other.peer.send("and read");
  run_until([&] { return notes.received == "and read"; });
}

TEST_P(BufferedDispatcherTest, DisconnectForgetsThatItWasClosing) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.close_when_done(20ms);
  sender.disconnect();
  Connection other = make_connection(family());
  reactor.add(sender, std::move(other.ours), kind());
  rounds_in(40ms);
  EXPECT_FALSE(sender.closed());
  EXPECT_TRUE(sender.send("fresh"));
  EXPECT_EQ(receive(other.peer, 5), "fresh");
}

TEST_P(BufferedDispatcherTest, DestroyedWhileItLingers) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.close_when_done(20ms);
  sender.close();
  settle();
  EXPECT_TRUE(notes.destroyed);
  rounds_in(40ms);  // its timer is gone as well
}

/// Whatever asks once more for the end while it is lingering: one timer, that goes with the
/// handler.
TEST_P(BufferedDispatcherTest, LingeringHasOneTimer) {
  const std::function<void(Sender&)> once_more[] = {
      [](Sender& sender) { sender.shut_down_when_done(); },
      [](Sender& sender) { sender.want_write(true); },
      [](Sender& sender) { sender.handle_finish(); },
  };
  for (const auto& ask : once_more) {
    auto [sender, peer] = serve<Sender>(notes);
    notes.destroyed = false;
    sender.close_when_done(3s);
    ask(sender);
    settle();
    peer.close();
    run_until([&] { return notes.destroyed; });
    const auto start = Clock::now();
    reactor.run();  // returns when no timer is left
    EXPECT_LT(Clock::now() - start, 2s);
  }
}

}  // namespace
}  // namespace bunshin::testing
