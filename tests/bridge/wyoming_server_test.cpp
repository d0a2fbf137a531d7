#include "bridge/wyoming_server.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/bridge/fixtures.h"
#include "tests/support/descriptor_limit.h"
#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

std::string transcript(std::string_view text) {
  const std::string data = Json{{"text", text}}.dump();
  return Json{{"type", "transcript"}, {"data_length", data.size()}}.dump() + "\n" + data;
}

/// A server whose robot is the case: what was said waits in `said` for its outcome.
class WyomingServerTest : public SettingCase {
 protected:
  WyomingServerTest() {
    hall->languages = {"ja", "en"};
    hall->hear = [this](const std::string& text, CommandOutcomes::Done done) {
      said.push_back(text);
      waiting.push_back(std::move(done));
    };
  }
  /// One event, as the protocol's clients read it: type and data.
  std::pair<std::string, Json> next(Peer& peer) {
    std::string line;
    while (!line.ends_with('\n')) {
      const std::string byte = receive(peer, 1);
      if (byte.empty()) return {"(end)", {}};
      line += byte;
    }
    const Json header = Json::parse(line);
    const auto size = header.value("data_length", std::size_t{0});
    return {header["type"], Json::parse(receive(peer, size))};
  }
  void wait_for(std::size_t count) {
    run_until([&] { return said.size() == count; });
  }

  std::shared_ptr<WyomingHall> hall = std::make_shared<WyomingHall>();
  WyomingServer& server =
      reactor.emplace<WyomingServer>(Endpoint::parse(any_address(family()).to_string()), hall);
  std::vector<std::string> said;
  std::vector<CommandOutcomes::Done> waiting;
};
BUNSHIN_EVERY_SETTING(WyomingServerTest);

TEST_P(WyomingServerTest, TellsWhatItIs) {
  Peer peer(server.local_address());
  peer.send("{\"type\": \"describe\"}\n");
  const auto [type, data] = next(peer);
  EXPECT_EQ(type, "info");
  ASSERT_EQ(data["handle"].size(), 1U);
  const Json& program = data["handle"][0];
  EXPECT_EQ(program["name"], "bunshin");
  EXPECT_EQ(program["installed"], true);
  EXPECT_TRUE(program["attribution"].contains("name"));
  EXPECT_EQ(program["models"][0]["languages"], (Json{"ja", "en"}));
  EXPECT_THAT(data["asr"], IsEmpty());
  peer.send("{\"type\":\"ping\",\"data\":{\"text\":\"hello\"}}\n");
  EXPECT_EQ(next(peer), std::pair(std::string("pong"), Json{{"text", "hello"}}));
}

TEST_P(WyomingServerTest, AnswersEachPhraseInTheOrderTheyCame) {
  Peer peer(server.local_address());
  peer.send(transcript("one") + transcript("two") +
            "{\"type\":\"recognize\",\"data\":{\"text\":\"three\"}}\n");
  wait_for(3);
  EXPECT_THAT(said, ElementsAre("one", "two", "three"));
  waiting[1]({false, "not two"});
  settle();
  EXPECT_FALSE(peer.readable());
  waiting[0]({true, "did one"});
  EXPECT_EQ(next(peer), std::pair(std::string("handled"), Json{{"text", "did one"}}));
  EXPECT_EQ(next(peer), std::pair(std::string("not-handled"), Json{{"text", "not two"}}));
  waiting[2]({true, "did three"});
  EXPECT_EQ(next(peer).first, "handled");
}

TEST_P(WyomingServerTest, AClientThatHasEndedSendingGetsItsAnswer) {
  Peer peer(server.local_address());
  peer.send(transcript("one"));
  peer.shut_down_sending();
  wait_for(1);
  settle();
  waiting[0]({true, "did it"});
  EXPECT_EQ(next(peer).first, "handled");
  EXPECT_EQ(next(peer).first, "(end)");
  run_until([&] { return hall->clients == 0; });
}

TEST_P(WyomingServerTest, AnOutcomeForAClientThatIsGoneIsForNobody) {
  Peer peer(server.local_address());
  peer.send(transcript("one"));
  wait_for(1);
  peer.reset();
  settle();
  waiting[0]({true, "did it"});
  run_until([&] { return hall->clients == 0; });
}

TEST_P(WyomingServerTest, AudioIsRefusedAndToldOnce) {
  Peer peer(server.local_address());
  peer.send("{\"type\":\"transcribe\"}\n{\"type\":\"audio-start\",\"data\":{\"rate\":16000}}\n");
  for (int count = 0; count < 3; ++count) {
    peer.send("{\"type\":\"audio-chunk\",\"payload_length\":2048}\n" + std::string(2048, '\n'));
  }
  peer.send(transcript("one"));
  wait_for(1);
  EXPECT_EQ(next(peer).first, "error");
  EXPECT_EQ(log.count("sends audio, which is refused"), 1U);
  waiting[0]({true, "did it"});
  EXPECT_EQ(next(peer).first, "handled");
}

TEST_P(WyomingServerTest, WhatIsNoClientOfTheProtocolIsToldAndLetGo) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(200'000, '\xff'),
        std::string("{\"type\":\"a\",\"payload_length\":1000000000}\n"),
        std::string("{\"type\":\"transcript\"}\n")}) {
    Peer peer(server.local_address());
    std::string_view left = bytes;
    run_until([&] {
      left.remove_prefix(peer.send_now(left));
      return left.empty() || hall->errors > 0;
    });
    EXPECT_EQ(next(peer).first, "error");
    peer.close();
    run_until([&] { return hall->clients == 0; });
    EXPECT_EQ(hall->errors, 1U);
    hall->errors = 0;
  }
  EXPECT_EQ(log.count("is let go: it sends"), 4U);
  EXPECT_THAT(said, IsEmpty());
}

TEST_P(WyomingServerTest, OneThatDoesNotReadIsNotReadFrom) {
  Peer peer(server.local_address());
  const std::string question = "{\"type\":\"describe\"}\n";
  std::size_t sent = 0;
  std::size_t before = 1;
  while (sent != before) {
    before = sent;
    for (int count = 0; count < 1000; ++count) sent += peer.send_now(question);
    settle();
  }
  EXPECT_LT(sent, 50'000'000U);
  EXPECT_LT(rounds_in(), kFewRounds);
}

TEST_P(WyomingServerTest, AThousandClients) {
  const RoomForDescriptors room;
  std::vector<Peer> peers;
  for (int count = 0; count < 1000; ++count) {
    peers.emplace_back(server.local_address());
    peers.back().send(transcript("stop"));
    run_rounds(1);
  }
  wait_for(1000);
  for (const auto& done : waiting) done({true, "stopped"});
  for (Peer& peer : peers) ASSERT_EQ(next(peer).first, "handled");
  peers.clear();
  run_until([&] { return hall->clients == 0; }, 20s);
}

}  // namespace
}  // namespace bunshin::testing
