#include "handlers/line_handler.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/handlers/noted.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

/// Keeps the messages, and does with each what the case put there.
class Lines : public Noted<LineHandler> {
 public:
  Lines(Reactor& reactor, Notes& notes, std::vector<std::string>& messages, StreamSocket socket)
      : Noted(reactor, notes, std::move(socket)), messages_(messages) {}
  std::function<void(std::string_view)> on_message;
  std::function<void()> on_overlong;

  void found_terminator(std::string_view message) override {
    messages_.emplace_back(message);
    if (on_message) on_message(message);
  }
  void handle_read() override { LineHandler::handle_read(); }
  void handle_overlong() override {
    if (on_overlong) return on_overlong();
    Noted::handle_overlong();
  }

 private:
  std::vector<std::string>& messages_;
};

class LineHandlerTest : public HandlerCase {
 protected:
  std::pair<Lines&, Peer> lines() { return serve<Lines>(notes, messages); }
  /// Sends `parts`, each read before the next is sent.
  void deliver(Lines& handler, Peer& peer, const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
      const std::size_t seen = messages.size();
      const std::size_t collected = handler.collected().size();
      peer.send(part);
      run_until([&] {
        return messages.size() != seen || handler.closed() ||
               handler.collected().size() != collected;
      });
    }
  }
  void expect(const std::vector<std::string>& expected) {
    run_until([&] { return messages.size() >= expected.size(); });
    EXPECT_THAT(messages, ElementsAreArray(expected));
  }

  std::vector<std::string> messages;
};
BUNSHIN_EVERY_SETTING(LineHandlerTest);

TEST_P(LineHandlerTest, LinesByDefault) {
  auto [handler, peer] = lines();
  peer.send(std::string("one\ntwo\r\n\nwith \0 in it\nrest", 27));
  expect({"one", "two\r", "", std::string("with \0 in it", 12)});
  EXPECT_EQ(handler.collected(), "rest");
}

TEST_P(LineHandlerTest, CutAtEveryByte) {
  const std::string text = "ab\n\ncde\n";
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    messages.clear();
    auto [handler, peer] = lines();
    deliver(handler, peer, {text.substr(0, cut), text.substr(cut)});
    expect({"ab", "", "cde"});
    EXPECT_EQ(handler.collected(), "");
    handler.close();
  }
}

TEST_P(LineHandlerTest, ByteByByte) {
  auto [handler, peer] = lines();
  handler.set_terminator("\r\n.\r\n");
  std::vector<std::string> bytes;
  for (const char byte : std::string("a\r\n\r\n.\r\nb\r\n.\r\n")) bytes.emplace_back(1, byte);
  deliver(handler, peer, bytes);
  expect({"a\r\n", "b"});
}

TEST_P(LineHandlerTest, ATerminatorOfSeveralBytesAcrossChunks) {
  const std::string text = "aXYaXYZbXXYZXYZ";
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    messages.clear();
    auto [handler, peer] = lines();
    handler.set_terminator("XYZ");
    deliver(handler, peer, {text.substr(0, cut), text.substr(cut)});
    expect({"aXYa", "bX", ""});
    handler.close();
  }
}

TEST_P(LineHandlerTest, ByLength) {
  auto [handler, peer] = lines();
  handler.set_terminator(std::size_t{4});
  peer.send("abcdefghijk");
  expect({"abcd", "efgh"});
  EXPECT_EQ(handler.collected(), "ijk");
  peer.send("l");
  expect({"abcd", "efgh", "ijkl"});
}

TEST_P(LineHandlerTest, ByALengthGreaterThanOneRead) {
  auto [handler, peer] = lines();
  const std::string text = pattern(1000 * 1000);
  handler.set_terminator(text.size());
  handler.set_size_limit(text.size());
  std::string rest = text + "next";
  run_until([&, &peer = peer] {
    rest.erase(0, peer.send_now(rest));
    return rest.empty();
  });
  run_until([&] { return !messages.empty(); });
  EXPECT_TRUE(messages.front() == text);
  EXPECT_EQ(handler.collected(), "next");
}

TEST_P(LineHandlerTest, WithoutATerminatorEverythingIsCollected) {
  auto [handler, peer] = lines();
  handler.clear_terminator();
  deliver(handler, peer, {"one\n", "two"});
  EXPECT_THAT(messages, IsEmpty());
  EXPECT_EQ(handler.take_collected(), "one\ntwo");
  EXPECT_EQ(handler.collected(), "");
  deliver(handler, peer, {"three"});
  EXPECT_EQ(handler.collected(), "three");
}

TEST_P(LineHandlerTest, ATerminatorThatIsSetLaterFindsWhatWasCollected) {
  auto [handler, peer] = lines();
  handler.clear_terminator();
  deliver(handler, peer, {"one\ntwo\nth"});
  handler.set_terminator("\n");
  peer.send("ree\n");
  expect({"one", "two", "three"});
}

// As HTTP does: lines, then a body of a length the lines tell, then lines again.
TEST_P(LineHandlerTest, TheTerminatorChangesInsideFoundTerminator) {
  const std::string text = "header\r\n5\r\na\r\nb\nheader\r\n3\r\n\r\n.";
  for (std::size_t cut = 1; cut <= text.size(); ++cut) {
    messages.clear();
    auto [handler, peer] = lines();
    handler.set_terminator("\r\n");
    handler.on_message = [&handler = handler](std::string_view message) {
      if (message == "5" || message == "3") {
        handler.set_terminator(static_cast<std::size_t>(message[0] - '0'));
      } else if (message != "header") {
        handler.set_terminator("\r\n");
      }
    };
    peer.send(text.substr(0, cut));
    settle();
    peer.send(text.substr(cut));
    expect({"header", "5", "a\r\nb\n", "header", "3", "\r\n."});
    handler.close();
  }
}

TEST_P(LineHandlerTest, ClosingInsideFoundTerminatorEndsIt) {
  auto [handler, peer] = lines();
  handler.on_message = [&handler = handler](std::string_view message) {
    EXPECT_EQ(message, "one");
    handler.close();
    EXPECT_EQ(message, "one") << "it is lent for the whole call";
  };
  peer.send("one\ntwo\nthree\n");
  run_until([&] { return notes.destroyed; });
  EXPECT_THAT(messages, ElementsAre("one"));
}

TEST_P(LineHandlerTest, ThrowingInsideFoundTerminatorEndsThatOneAlone) {
  auto [handler, peer] = lines();
  auto [other, other_peer] = connected();
  other.collect();
  handler.on_message = [](std::string_view) { throw std::runtime_error("oops"); };
  peer.send("one\ntwo\n");
  run_until([&] { return notes.destroyed; });
  EXPECT_THAT(notes.errors, ElementsAre("oops"));
  EXPECT_THAT(messages, ElementsAre("one"));
  other_peer.send("alive");
  run_until([&other = other] { return other.received == "alive"; });
}

TEST_P(LineHandlerTest, PausingAtTheFirstStillDeliversWhatArrivedWithIt) {
  auto [handler, peer] = lines();
  handler.on_message = [&handler = handler](std::string_view) { handler.pause_reading(); };
  peer.send("one\ntwo\n");
  expect({"one", "two"});
  peer.send("three\n");
  EXPECT_LT(rounds_in(30ms), kFewRounds);
  EXPECT_EQ(messages.size(), 2U);
  handler.resume_reading();
  expect({"one", "two", "three"});
}

TEST_P(LineHandlerTest, MoreThanTheLimitIsLoggedAndCloses) {
  auto [handler, peer] = lines();
  handler.set_size_limit(100);
  deliver(handler, peer, {std::string(100, 'x'), "\n"});
  expect({std::string(100, 'x')});
  peer.send(std::string(101, 'x'));
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(log.count("more than 100 bytes"), 1U);
}

TEST_P(LineHandlerTest, TenMegabytesWithoutATerminator) {
  auto [handler, peer] = lines();
  const std::string flood(10 * 1024 * 1024, 'x');
  std::size_t most = 0;
  std::string_view rest = flood;
  run_until([&, &handler = handler, &peer = peer] {
    if (!notes.destroyed) most = std::max(most, handler.collected().size());
    const std::size_t sent = peer.send_now(rest);
    rest.remove_prefix(sent);
    return notes.destroyed;
  });
  EXPECT_EQ(log.lines().size(), 1U);
  EXPECT_LE(most, 64U * 1024);
  EXPECT_THAT(messages, IsEmpty());
}

TEST_P(LineHandlerTest, OverlongMessagesMayBeSkippedInstead) {
  auto [handler, peer] = lines();
  handler.set_size_limit(10);
  int overlong = 0;
  handler.on_overlong = [&] { ++overlong; };
  peer.send("0123456789abc");
  run_until([&] { return overlong == 1; });
  EXPECT_EQ(handler.collected(), "");
  peer.send("rest\nnext\n");
  expect({"rest", "next"});
}

TEST_P(LineHandlerTest, TheRestIsThereAtTheEndOfFile) {
  auto [handler, peer] = lines();
  std::string rest;
  handler.on_close = [&, &handler = handler] {
    rest = handler.take_collected();
    handler.close();
  };
  peer.send("line\nrest");
  peer.close();
  run_until([&] { return notes.destroyed; });
  EXPECT_THAT(messages, ElementsAre("line"));
  EXPECT_EQ(rest, "rest");
}

TEST_P(LineHandlerTest, RandomBytesInRandomPieces) {
  const std::string noise = pattern(50 * 1000);
  std::vector<std::string> expected(1);
  for (const char byte : noise) {
    if (byte == '\n') {
      expected.emplace_back();
    } else {
      expected.back() += byte;
    }
  }
  auto [handler, peer] = lines();
  for (std::size_t start = 0, size = 1; start < noise.size(); start += size) {
    size = 1 + static_cast<unsigned char>(noise[start]) * 7U;
    peer.send(noise.substr(start, size));
    run_rounds(3);
  }
  run_until([&] { return messages.size() + 1 == expected.size(); });
  settle();
  EXPECT_EQ(handler.collected(), expected.back());
  expected.pop_back();
  EXPECT_TRUE(messages == expected);
}

}  // namespace
}  // namespace bunshin::testing
