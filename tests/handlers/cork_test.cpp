// What many connections are sent in a round: together, and kept once.

#include <gmock/gmock.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "handlers/buffered_dispatcher.h"
#include "reactor/observer.h"
#include "tests/handlers/noted.h"
#include "tests/support/allocations.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

using Sender = Noted<BufferedDispatcher>;

SharedText shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

class CorkTest : public HandlerCase {
 protected:
  std::array<Notes, 20> others;  // what a handler notes outlives it
  /// What is sent with plain system calls, io_uring hands over with the round.
  [[nodiscard]] bool plain() const { return GetParam().engine != "io_uring"; }
};
BUNSHIN_EVERY_SETTING(CorkTest);

TEST_P(CorkTest, TheTextsOfARoundLeaveWithOneCall) {
  auto [sender, peer] = serve<Sender>(notes);
  std::size_t sends = 0;
  reactor.post([&, &sender = sender] {
    sends = calls(Call::send);
    for (const char* text : {"one ", "two ", "three"}) sender.send_corked(shared(text));
    EXPECT_EQ(sender.buffered(), 13U);
    EXPECT_EQ(calls(Call::send), sends) << "not before the end of the round";
  });
  run_rounds(1);
  EXPECT_EQ(calls(Call::send) - sends, plain() ? 1U : 0U);
  EXPECT_EQ(receive(peer, 13), "one two three");
  EXPECT_FALSE(sender.owes());
  EXPECT_TRUE(comes_to_rest());
}

TEST_P(CorkTest, ThoseWhoReadAndSendThemselvesAreServedAtTheEndToo) {
  auto [sender, peer] = serve<Sender>(notes);
  Connection connection = make_connection(family());
  auto& listener = add(std::move(connection.ours), kind());
  listener.on_read = [&, &sender = sender] {
    if (reactor.recv(listener).empty()) return;
    sender.send_corked(shared("first, "));
    sender.send_corked(shared("second"));
  };
  connection.peer.send("go");
  EXPECT_EQ(receive(peer, 13), "first, second");
}

TEST_P(CorkTest, NoRoundSleepsOverIt) {
  auto [sender, peer] = serve<Sender>(notes);
  reactor.call_later(0ms, [&sender = sender] { sender.send_corked(shared("a timer's")); });
  EXPECT_EQ(receive(peer, 9), "a timer's");
  // Between rounds.
  const auto before = Clock::now();
  sender.send_corked(shared("nobody's"));
  reactor.run_once(10s);
  EXPECT_LT(Clock::now() - before, 5s) << "nothing else would have ended that wait";
  EXPECT_EQ(receive(peer, 8), "nobody's");
}

TEST_P(CorkTest, MuchDoesNotWait) {
  auto [sender, peer] = serve<Sender>(notes);
  const std::string text = pattern(20'000);
  reactor.post([&, &sender = sender] {
    sender.send_corked(shared(text));
    EXPECT_EQ(sender.buffered(), text.size());
    sender.send_corked(shared(text));
    EXPECT_LT(sender.buffered(), text.size() + 1) << "40,000 bytes leave at once";
    sender.send_corked(shared("and this"));  // which the rest of the round does not forget
  });
  EXPECT_TRUE(receive(peer, 2 * text.size() + 8) == text + text + "and this");
}

TEST_P(CorkTest, OrderIsKeptAmongAllThatIsSent) {
  auto [sender, peer] = serve<Sender>(notes);
  const std::string much = pattern(3'000'000);
  std::string expected = much;
  sender.send(much);
  for (int time = 0; time < 100; ++time) {
    sender.send_corked(shared("shared "));
    sender.send("own ");
    expected += "shared own ";
  }
  EXPECT_TRUE(receive(peer, expected.size()) == expected);
  EXPECT_FALSE(sender.owes());
}

TEST_P(CorkTest, ATextIsKeptOnceAndOnlyAsLongAsSomebodyIsOwedIt) {
  std::vector<std::pair<Sender&, Peer>> slow;
  for (Notes& each : others) slow.push_back(serve<Sender>(each));
  const std::string fill = pattern(100'000);
  for (auto& [sender, peer] : slow) {
    peer.set_receive_buffer(32 * 1024);
    while (sender.buffered() == 0) {
      while (sender.buffered() == 0) ASSERT_TRUE(sender.send(fill));
      settle();
    }
  }
  const auto text = shared(pattern(64 * 1024));
  for (auto& [sender, peer] : slow) sender.send_corked(text);
  run_rounds(3);
  EXPECT_EQ(text.use_count(), 1 + 20) << "references, and no copies";
  for (std::size_t index = 0; index < 10; ++index) slow[index].first.close();
  run_rounds(1);
  EXPECT_EQ(text.use_count(), 1 + 10);
  for (std::size_t index = 10; index < 20; ++index) slow[index].first.close();
  // io_uring may have the last of it on its way.
  run_until([&] { return text.use_count() == 1; });
}

TEST_P(CorkTest, WhoeverLeavesIsSentNothing) {
  auto [sender, peer] = serve<Sender>(notes);
  auto [other, friendly] = serve<Sender>(others[0]);
  reactor.post([&sender = sender, &other = other] {
    const auto text = shared("too late");
    sender.send_corked(text);
    other.send_corked(text);
    sender.close();
    EXPECT_FALSE(sender.send_corked(text));
  });
  EXPECT_EQ(receive(friendly, 8), "too late");
  EXPECT_EQ(receive_all(peer), "");
  EXPECT_TRUE(notes.destroyed);
}

TEST_P(CorkTest, ClosingInOrderSendsItFirst) {
  auto [sender, peer] = serve<Sender>(notes);
  sender.send_corked(shared("the last word"));
  sender.close_when_done();
  EXPECT_EQ(receive_all(peer), "the last word");
}

/// How many handlers had their turn at step 7.
class Uncorked : public Observer {
 public:
  std::size_t count = 0;
  void corked_begin(std::size_t handlers) override { count += handlers; }
};

/// The destructor takes it off the list: not owned, so gone at once.
TEST_P(CorkTest, AHandlerThatIsDestroyedMeanwhileIsForgotten) {
  Uncorked uncorked;
  reactor.observe(&uncorked);
  Connection connection = make_connection(family());
  auto sender = std::make_unique<Sender>(reactor, notes, StreamSocket(std::move(connection.ours)));
  sender->send_corked(shared("never"));
  sender.reset();
  EXPECT_EQ(receive_all(connection.peer), "");
  run_rounds(1);
  EXPECT_EQ(uncorked.count, 0U);
  reactor.observe(nullptr);
}

TEST_P(CorkTest, WithoutMemoryItLeavesAtOnce) {
  auto [sender, peer] = serve<Sender>(notes);
  const auto text = shared("hello");
  for (std::size_t after = 0; after < 3; ++after) {
    const FailAllocation failure(after);
    EXPECT_TRUE(sender.send_corked(text)) << after;
  }
  EXPECT_EQ(receive(peer, 15), "hellohellohello");
  EXPECT_TRUE(notes.errors.empty());
}

TEST_P(CorkTest, ASendThatIsInterruptedOrLacksMemoryIsTriedAgain) {
  for (const int error : {EINTR, ENOBUFS, ENOMEM}) {
    auto [sender, peer] = serve<Sender>(notes);
    fail_next(plain() ? Call::send : Call::enter, error);
    sender.send_corked(shared("one "));
    sender.send_corked(shared("two"));
    EXPECT_EQ(receive(peer, 7), "one two") << error;
    EXPECT_EQ(failures_left(plain() ? Call::send : Call::enter), 0U);
    sender.close();
  }
}

}  // namespace
}  // namespace bunshin::testing
