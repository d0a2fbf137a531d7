#include "handlers/chat.h"

#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/handlers/noted.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

using ::testing::IsEmpty;

class ChatTest : public HandlerCase {
 protected:
  explicit ChatTest(const ChatOptions& options = {})
      : server(reactor.emplace<ChatServer>(any_endpoint(GetParam().family), options)) {}

  Peer join() {
    const std::size_t before = server.clients();
    Peer peer(server.local_address());
    run_until([&] { return server.clients() == before + 1; });
    return peer;
  }
  /// One for whom the kernel does not keep much.
  Peer join_without_buffer() {
    Peer peer = join();
    peer.set_receive_buffer(4096);
    return peer;
  }
  /// What the server keeps for whom it owes the most; the others share it.
  std::size_t owed() {
    std::size_t most = 0;
    reactor.for_each([&](EventHandler& handler) {
      auto* client = dynamic_cast<ChatHandler*>(&handler);
      if (client != nullptr) most = std::max(most, client->buffered());
    });
    return most;
  }
  /// Sends lines and receives them again until `done`.
  void talk(Peer& talker, const std::function<bool()>& done) {
    const std::string line = long_line();
    run_until(
        [&] {
          talker.send(line);
          EXPECT_TRUE(receive(talker, line.size()) == line);
          return done() || HasFailure();
        },
        20s);
  }
  static std::string long_line() {
    std::string line(50 * 1000, 'x');
    line.back() = '\n';
    return line;
  }
  void expect_left(std::size_t clients) {
    run_until([&] { return server.clients() == clients; });
  }

  ChatServer& server;
};
BUNSHIN_EVERY_SETTING(ChatTest);

TEST_P(ChatTest, ALineGoesToEverybodyTheSenderToo) {
  std::vector<Peer> peers;
  for (int number = 0; number < 5; ++number) peers.push_back(join());
  peers[2].send("hello\n");
  for (Peer& peer : peers) EXPECT_EQ(receive(peer, 6), "hello\n");
  peers[0].send("one\ntwo\n");
  for (Peer& peer : peers) EXPECT_EQ(receive(peer, 8), "one\ntwo\n");
}

TEST_P(ChatTest, LinesOfSeveralClientsAreNotMixed) {
  Peer ann = join();
  Peer bob = join();
  Peer listener = join();
  ann.send("I am ");
  settle();
  bob.send("I am Bob\n");
  settle();
  ann.send("Ann\n");
  EXPECT_EQ(receive(listener, 18), "I am Bob\nI am Ann\n");
}

// client1 of the course sends what was typed without a line end.
TEST_P(ChatTest, ARestWithoutALineEndCountsAfterAWhile) {
  Peer ann = join();
  Peer bob = join();
  const auto start = Clock::now();
  ann.send("hello");
  rounds_in(50ms);
  EXPECT_TRUE(!bob.readable() || Clock::now() - start >= 200ms);
  EXPECT_EQ(receive(bob, 6), "hello\n");
  EXPECT_GE(Clock::now() - start, 200ms);
  EXPECT_EQ(receive(ann, 6), "hello\n");
}

TEST_P(ChatTest, ARestThatGrowsIsWaitedForAnew) {
  Peer ann = join();
  const auto start = Clock::now();
  ann.send("hel");
  rounds_in(120ms);
  ann.send("lo");
  rounds_in(120ms);
  // The first part is 240 ms old by now, the second 120.
  EXPECT_TRUE(!ann.readable() || Clock::now() - start >= 320ms);
  EXPECT_EQ(receive(ann, 6), "hello\n");
}

TEST_P(ChatTest, ARestCountsAtTheEndOfFile) {
  Peer ann = join();
  Peer bob = join();
  const auto start = Clock::now();
  ann.send("last words");
  ann.shut_down_sending();
  EXPECT_EQ(receive_all(ann), "last words\n") << "it ended sending, it still listens";
  EXPECT_EQ(receive(bob, 11), "last words\n");
  EXPECT_LT(Clock::now() - start, 5s);
  expect_left(1);
}

TEST_P(ChatTest, WhoLeavesIsGone) {
  Peer ann = join();
  Peer bob = join();
  Peer eve = join();
  bob.close();
  expect_left(2);
  eve.send("half a li");
  settle();
  eve.reset();
  expect_left(1);
  ann.send("alone?\n");
  EXPECT_THAT(receive(ann, 7), ::testing::AnyOf("alone?\n", "half a "));
  EXPECT_THAT(log.lines(), IsEmpty());
}

TEST_P(ChatTest, WhoeverReadsIsNotDroppedHoweverFastItTalks) {
  Peer talker = join();
  Peer listener = join();
  std::string text;
  while (text.size() < 8 * 1000 * 1000) text += long_line();
  std::string_view rest = text;
  std::string got, heard;
  run_until(
      [&] {
        rest.remove_prefix(talker.send_now(rest));
        got += talker.receive_now();
        heard += listener.receive_now();
        return (got.size() == text.size() && heard.size() == text.size()) || server.clients() < 2;
      },
      20s);
  EXPECT_TRUE(got == text);
  EXPECT_TRUE(heard == text);
  EXPECT_THAT(log.lines(), IsEmpty());
}

TEST_P(ChatTest, ManyShortLinesAreSentTogether) {
  Peer talker = join();
  Peer listener = join();
  const std::string lines(4096, '\n');
  const std::size_t sends = calls(Call::send);
  talker.send(lines);
  EXPECT_EQ(receive(listener, lines.size()), lines);
  EXPECT_EQ(receive(talker, lines.size()), lines);
  // The talker's own, and one for each client unless what it said arrived in pieces.
  EXPECT_LE(calls(Call::send) - sends, 20U);
}

/// Clients that do not read are dropped soon.
class ImpatientChatTest : public ChatTest {
 protected:
  ImpatientChatTest() : ChatTest({.limits = {}, .most_owed = 1 << 30, .patience = 300ms}) {}
};
BUNSHIN_EVERY_SETTING(ImpatientChatTest);

TEST_P(ImpatientChatTest, ASlowClientIsDroppedAndTheOthersGoOn) {
  Peer talker = join();
  Peer friendly = join();
  Peer slow = join_without_buffer();
  const std::string line = long_line();
  talk(talker, [&] {
    EXPECT_TRUE(receive(friendly, line.size()) == line);
    return server.clients() == 2;
  });
  EXPECT_EQ(log.lines().size(), 1U);
  EXPECT_EQ(log.count("does not read"), 1U);
  talker.send("still here\n");
  EXPECT_EQ(receive(friendly, 11), "still here\n");
}

TEST_P(ImpatientChatTest, TheOneWhoFloodsWithoutReadingIsDroppedItself) {
  Peer flooder = join();
  Peer ann = join();
  const std::string line = long_line();
  std::string_view rest;
  std::string got;
  run_until([&] {
    if (rest.empty()) rest = line;
    rest.remove_prefix(flooder.send_now(rest));
    while (ann.readable()) got = ann.receive_some(1024 * 1024);
    return server.clients() == 1;
  });
  EXPECT_EQ(log.count("does not read"), 1U);
}

/// The buffers of all clients together are small.
class SmallChatTest : public ChatTest {
 protected:
  static constexpr std::size_t kMostOwed = 256 * 1024;
  SmallChatTest() : ChatTest({.limits = {}, .most_owed = kMostOwed, .patience = 1h}) {}
};
BUNSHIN_EVERY_SETTING(SmallChatTest);

TEST_P(SmallChatTest, WhoHasBeenBehindForLongestIsDroppedFirst) {
  Peer talker = join();
  Peer first = join_without_buffer();
  talk(talker, [&] { return owed() > 0; });
  Peer second = join_without_buffer();
  talk(talker, [&] {
    EXPECT_LE(owed(), kMostOwed);
    return server.clients() < 3;
  });
  EXPECT_EQ(log.count("is behind the others"), 1U);
  second.send("I am still here\n");
  EXPECT_EQ(receive(talker, 16), "I am still here\n");
}

class LimitedChatTest : public ChatTest {
 protected:
  LimitedChatTest() : ChatTest({.limits = {.most = 2, .idle_timeout = 200ms}}) {}
};
BUNSHIN_EVERY_SETTING(LimitedChatTest);

TEST_P(LimitedChatTest, WhoIsOneTooManyWaitsUntilSomebodyIsClosedForBeingIdle) {
  const auto start = Clock::now();
  Peer one = join();
  Peer two = join();
  Peer three(server.local_address());
  three.send("at last\n");
  rounds_in(50ms);
  EXPECT_TRUE(!three.readable() || Clock::now() - start >= 200ms);
  EXPECT_EQ(receive(three, 8), "at last\n");
  EXPECT_GE(Clock::now() - start, 200ms);
  const auto said = Clock::now();
  EXPECT_EQ(receive_all(three), "");
  EXPECT_LE(Clock::now() - said, 5s);
  expect_left(0);
  EXPECT_LT(rounds_in(30ms), kFewRounds);
}

TEST_P(ChatTest, ALineThatIsTooLongEndsItsSenderAlone) {
  Peer flooder = join();
  Peer ann = join();
  const std::string flood(200 * 1000, 'x');
  std::string_view rest = flood;
  run_until([&] {
    rest.remove_prefix(flooder.send_now(rest));
    return server.clients() == 1;
  });
  EXPECT_EQ(log.count("without an end"), 1U);
  ann.send("\n");
  EXPECT_EQ(receive(ann, 1), "\n") << "nothing of the flood was said";
}

TEST_P(ChatTest, RandomBytesAreLinesToo) {
  Peer noise = join();
  Peer ann = join();
  const std::string bytes = pattern(20 * 1000) + "\n";
  noise.send(bytes);
  EXPECT_TRUE(receive(ann, bytes.size()) == bytes);
  EXPECT_TRUE(receive(noise, bytes.size()) == bytes);
}

TEST_P(ChatTest, ManyClientsComeAndGo) {
  Peer stays = join();
  for (int time = 0; time < 50; ++time) {
    Peer visitor = join();
    visitor.send("hi\n");
    EXPECT_EQ(receive(stays, 3), "hi\n");
    if (time % 2 == 0) visitor.reset();
    visitor.close();
    expect_left(1);
  }
}

TEST_P(ChatTest, FinishingSaysGoodbyeToAll) {
  Peer ann = join();
  Peer bob = join();
  ann.send("half a li");
  settle();
  reactor.finish(5s);
  EXPECT_THAT(receive_all(ann), ::testing::AnyOf("", "half a li\n"));
  EXPECT_THAT(receive_all(bob), ::testing::AnyOf("", "half a li\n"));
  ann.close();
  bob.close();
  reactor.run();
}

}  // namespace
}  // namespace bunshin::testing
