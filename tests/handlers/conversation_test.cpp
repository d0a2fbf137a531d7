#include "handlers/conversation.h"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/handlers/noted.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Conversation echo(Stream& stream) {
  for (;;) {
    const std::string text = co_await stream.read();
    if (text.empty() || !co_await stream.write(text)) co_return;
  }
}

class ConversationTest : public HandlerCase {
 protected:
  /// A stream whose other end is `peer`.
  Stream& talk(Peer& other_end, Conversation (*conversation)(Stream&)) {
    Connection connection = make_connection(family());
    other_end = std::move(connection.peer);
    auto& stream = reactor.emplace<Stream>(StreamSocket(std::move(connection.ours), kind()));
    stream.run(conversation(stream));
    return stream;
  }
  /// The streams that are left.
  std::size_t streams() { return reactor.count_by_class()["bunshin::Stream"]; }

  Connection unused_ = make_connection(family());
  Peer peer = std::move(unused_.peer);
};
BUNSHIN_EVERY_SETTING(ConversationTest);

TEST_P(ConversationTest, ReadsAndWritesInTurn) {
  talk(peer, echo);
  for (const std::string text : {"one", "and another"}) {
    peer.send(text);
    EXPECT_EQ(receive(peer, text.size()), text);
  }
  peer.shut_down_sending();
  EXPECT_EQ(receive_all(peer), "");
  EXPECT_TRUE(run_until([&] { return streams() == 0; }));
}

TEST_P(ConversationTest, WhatIsOwedAtTheEndIsDelivered) {
  talk(peer, echo);
  const std::string text = pattern(200'000);
  std::size_t sent = 0;
  std::string got;
  EXPECT_TRUE(run_until([&] {
    if (sent < text.size()) {
      sent += peer.send_now(std::string_view(text).substr(sent));
      if (sent == text.size()) peer.shut_down_sending();
    }
    got += peer.receive_now();
    return got.size() == text.size();
  }));
  EXPECT_EQ(got, text);
  EXPECT_TRUE(run_until([&] { return streams() == 0; }));
}

TEST_P(ConversationTest, ReadGivesNoMoreThanTheLimit) {
  talk(peer, [](Stream& stream) -> Conversation {
    for (std::string text; !(text = co_await stream.read(3)).empty();) {
      if (!co_await stream.write(text + "|")) co_return;
    }
  });
  peer.send("abcdefgh");
  EXPECT_EQ(receive(peer, 11), "abc|def|gh|");
}

TEST_P(ConversationTest, WritingWaitsForWhoDoesNotRead) {
  static int written;
  written = 0;
  talk(peer, [](Stream& stream) -> Conversation {
    const std::string text(64 * 1024, 'x');
    while (co_await stream.write(text)) ++written;
  });
  // A kernel takes some more after a while, until its buffers have grown to their limit.
  int at_first = 0;
  run_until([&] {
    at_first = written;
    rounds_in(30ms);
    return written > 0 && written == at_first;
  });
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(written, at_first) << "it goes on while nobody reads";
  EXPECT_TRUE(run_until([&] {
    peer.receive_now();
    return written > at_first + 10;
  }));
  peer.close();
  EXPECT_TRUE(run_until([&] { return streams() == 0; }));
}

TEST_P(ConversationTest, NothingIsReadWhileItWaitsForSomethingElse) {
  talk(peer, [](Stream& stream) -> Conversation {
    co_await stream.sleep(30ms);
    if (!co_await stream.write(co_await stream.read())) co_return;
  });
  peer.send("early");
  EXPECT_LT(rounds_in(20ms), kFewRounds);
  EXPECT_FALSE(peer.readable());
  EXPECT_EQ(receive(peer, 5), "early");
  EXPECT_EQ(receive_all(peer), "") << "when the coroutine ends, the connection does";
}

TEST_P(ConversationTest, TheEndWhileItSleepsIsFoundWhenItWakes) {
  static std::vector<std::string> story;
  story.clear();
  talk(peer, [](Stream& stream) -> Conversation {
    story.push_back(co_await stream.read());
    co_await stream.sleep(20ms);
    story.emplace_back("awake");
    story.push_back(co_await stream.read());
    story.emplace_back(co_await stream.write("x") ? "written" : "gone");
  });
  peer.send("hello");
  run_until([] { return !story.empty(); });
  peer.reset();
  EXPECT_TRUE(run_until([&] { return streams() == 0; }));
  EXPECT_EQ(story.front(), "hello");
  EXPECT_EQ(story.back(), "gone");
}

TEST_P(ConversationTest, AnExceptionEndsThisConnectionOnly) {
  Peer other = std::move(make_connection(family()).peer);
  talk(other, echo);
  talk(peer, [](Stream& stream) -> Conversation {
    co_await stream.read();
    throw std::runtime_error("no idea what to say");
  });
  peer.send("hello");
  EXPECT_EQ(receive_all(peer), "");
  EXPECT_EQ(log.count("no idea what to say"), 1U);
  other.send("still there?");
  EXPECT_EQ(receive(other, 12), "still there?");
  EXPECT_EQ(streams(), 1U);
}

TEST_P(ConversationTest, OneThatIsClosedBetweenTwoWordsIsDestroyed) {
  static int destroyed;
  destroyed = 0;
  struct Noted {
    ~Noted() { ++destroyed; }
  };
  Stream& stream = talk(peer, [](Stream& its) -> Conversation {
    const Noted noted;
    while (!(co_await its.read()).empty()) {
    }
  });
  settle();
  EXPECT_EQ(destroyed, 0);
  stream.close();
  settle();
  EXPECT_EQ(destroyed, 1);
  EXPECT_THAT(log.lines(), IsEmpty());
}

TEST_P(ConversationTest, FinishingEndsTheConversation) {
  talk(peer, echo);
  peer.send("hello");
  EXPECT_EQ(receive(peer, 5), "hello");
  reactor.finish(1s);
  peer.shut_down_sending();
  EXPECT_EQ(receive_all(peer), "");
  EXPECT_TRUE(run_until([&] { return streams() == 0; }));
}

}  // namespace
}  // namespace bunshin::testing
