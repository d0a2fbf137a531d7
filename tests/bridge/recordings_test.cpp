// The recordings of a real engine, through framing, decoding and parsing together.

#include <gmock/gmock.h>

#include <map>

#include "bridge/block_framer.h"
#include "bridge/config.h"
#include "bridge/julius_message.h"
#include "bridge/rules.h"
#include "bridge/text_decoder.h"
#include "tests/bridge/fixtures.h"

namespace bunshin {
namespace {

using testing::blocks_of;
using ::testing::ElementsAre;
using testing::read_fixture;
using testing::take_blocks;

std::vector<JuliusMessage> messages_of(const std::string& name, const std::string& encoding) {
  std::vector<JuliusMessage> messages;
  TextDecoder decoder(encoding);
  for (const std::string& block : blocks_of(read_fixture(name))) {
    const TextDecoder::Result text = decoder.decode(block);
    EXPECT_EQ(text.replaced, 0U) << block;
    JuliusParse parse = parse_julius_block(text.text);
    EXPECT_EQ(parse.error, "") << text.text;
    EXPECT_EQ(parse.spoilt, "") << text.text;
    messages.push_back(std::move(parse.message));
  }
  return messages;
}

std::vector<std::string> final_phrases(const std::vector<JuliusMessage>& messages) {
  std::vector<std::string> phrases;
  for (const JuliusMessage& message : messages) {
    if (const auto* hypothesis = message.final_hypothesis()) {
      phrases.push_back(phrase_of(*hypothesis));
    }
  }
  return phrases;
}

class Recording : public ::testing::TestWithParam<const char*> {};

// Between two blocks the framer is as new, so it is enough to cut each block everywhere.
TEST_P(Recording, IsTheSameCutAnywhere) {
  const std::string bytes = read_fixture(GetParam());
  const std::vector<std::string> whole = blocks_of(bytes);
  ASSERT_FALSE(whole.empty());
  BlockFramer by_byte;
  std::size_t count = 0;
  std::size_t start = 0;
  for (std::size_t end = 1; end <= bytes.size(); ++end) {
    by_byte.feed(std::string_view(bytes).substr(end - 1, 1));
    const auto block = by_byte.next();
    if (!block) continue;
    ASSERT_EQ(block->bytes, whole.at(count)) << "byte by byte";
    const auto segment = std::string_view(bytes).substr(start, end - start);
    for (std::size_t cut = 0; cut <= segment.size(); ++cut) {
      BlockFramer framer;
      framer.feed(segment.substr(0, cut));
      framer.feed(segment.substr(cut));
      ASSERT_THAT(take_blocks(framer), ElementsAre(whole[count])) << "cut at " << start + cut;
    }
    ++count;
    start = end;
  }
  EXPECT_EQ(count, whole.size());
  EXPECT_EQ(start, bytes.size());
  EXPECT_EQ(by_byte.pending(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Julius, Recording,
                         ::testing::Values("julius/control.bin", "julius/fruit-sjis.bin",
                                           "julius/robot-commands.bin", "julius/robot-nbest.bin",
                                           "julius/real-idle.bin",
                                           "julius/real-pause-in-utterance.bin",
                                           "julius/real-pause-terminate.bin",
                                           "julius/real-terminate-in-utterance.bin"));

TEST(Recordings, TenRobotCommands) {
  EXPECT_THAT(final_phrases(messages_of("julius/robot-commands.bin", "UTF-8")),
              ElementsAre("前へ進め", "青 に 光れ", "右を向け", "左を向け", "止まれ", "手を振れ",
                          "青 に 光れ", "青 に 光れ", "緑 に 光れ", "黄色 に 光れ"));
}

TEST(Recordings, WhatTheBuiltInRulesMakeOfThem) {
  const BridgeConfig config = builtin_config();
  RuleSet rules(config.rules, config.min_confidence);
  std::vector<std::string> sent;
  for (const JuliusMessage& message : messages_of("julius/robot-commands.bin", "UTF-8")) {
    const auto* hypothesis = message.final_hypothesis();
    if (!hypothesis) continue;
    const Decision decision = rules.decide(*hypothesis);
    sent.push_back(decision.outcome == Decision::Outcome::send
                       ? decision.command
                       : fmt::format("refused {} {}", decision.weakest_word, *decision.confidence));
  }
  EXPECT_THAT(sent, ElementsAre("#M1", "refused 光れ 0.632", "#M3", "#M4", "#M0", "#M5",
                                "#PR000G000B255T010", "#PR000G000B255T010", "#PR000G255B000T010",
                                "#PR255G255B000T010"));
}

TEST(Recordings, GuessesOfNbestAreNeverFinal) {
  const auto messages = messages_of("julius/robot-nbest.bin", "UTF-8");
  std::size_t guesses = 0;
  std::size_t finals = 0;
  for (const JuliusMessage& message : messages) {
    if (message.kind != JuliusKind::recogout) continue;
    const bool guess = !message.hypotheses.empty() && message.hypotheses.front().first_pass;
    EXPECT_EQ(message.final_hypothesis() == nullptr, guess);
    (guess ? guesses : finals) += 1;
  }
  EXPECT_EQ(finals, 10u);
  EXPECT_GT(guesses, 80u);
}

TEST(Recordings, NbestHasSeveralHypothesesAndNoConfidence) {
  std::size_t most = 0;
  for (const JuliusMessage& message : messages_of("julius/robot-nbest.bin", "UTF-8")) {
    most = std::max(most, message.hypotheses.size());
    for (const JuliusHypothesis& hypothesis : message.hypotheses) {
      for (const JuliusWord& word : hypothesis.words) EXPECT_EQ(word.confidence, std::nullopt);
    }
  }
  EXPECT_EQ(most, 3u);
}

TEST(Recordings, TerminateRejectsTheUtteranceAndPauseDoesNot) {
  const auto terminated = messages_of("julius/real-terminate-in-utterance.bin", "UTF-8");
  EXPECT_THAT(final_phrases(terminated), ElementsAre());
  EXPECT_TRUE(std::any_of(terminated.begin(), terminated.end(), [](const JuliusMessage& message) {
    return message.kind == JuliusKind::rejected &&
           message.attribute("REASON") == "input terminated by request";
  }));
  EXPECT_THAT(final_phrases(messages_of("julius/real-pause-in-utterance.bin", "UTF-8")),
              ElementsAre("前へ進め"));
  EXPECT_THAT(final_phrases(messages_of("julius/real-pause-terminate.bin", "UTF-8")),
              ElementsAre("前へ進め"));
}

TEST(Recordings, FruitInShiftJis) {
  EXPECT_THAT(final_phrases(messages_of("julius/fruit-sjis.bin", "Shift_JIS")),
              ElementsAre("リンゴ 3 個 を ください"));
}

TEST(Recordings, FruitReadAsUtf8IsNeverMisread) {
  TextDecoder decoder("UTF-8");
  std::vector<std::string> phrases;
  for (const std::string& block : blocks_of(read_fixture("julius/fruit-sjis.bin"))) {
    const JuliusParse parse = parse_julius_block(decoder.decode(block).text);
    const JuliusHypothesis* best = parse.message.final_hypothesis();
    if (best != nullptr) phrases.push_back(phrase_of(*best));
  }
  ASSERT_EQ(phrases.size(), 1U);
  const JuliusHypothesis heard{false, 1, 0, {{phrases[0], "", "", std::nullopt}}};
  EXPECT_EQ(RuleSet({{phrases[0], "#M1", std::nullopt}}, 0).decide(heard).outcome,
            Decision::Outcome::no_rule);
}

TEST(Recordings, EverythingInControlIsKnown) {
  std::map<JuliusKind, int> seen;
  for (const JuliusMessage& message : messages_of("julius/control.bin", "UTF-8")) {
    ++seen[message.kind];
  }
  EXPECT_EQ(seen[JuliusKind::unknown], 0);
  EXPECT_EQ(seen[JuliusKind::plain_text], 0);
  EXPECT_EQ(seen[JuliusKind::recogout], 4);
  EXPECT_EQ(seen[JuliusKind::graminfo], 2);
  EXPECT_EQ(seen[JuliusKind::recogprocess], 3) << "with and without dots inside";
  EXPECT_EQ(seen[JuliusKind::grammar], 2);
  EXPECT_EQ(seen[JuliusKind::engineinfo], 1);
}

}  // namespace
}  // namespace bunshin
