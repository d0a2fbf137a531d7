#include "bridge/spoken_text.h"

#include <gmock/gmock.h>

namespace bunshin::testing {
namespace {

const std::vector<Rule> kRules = {
    {"前へ進め", "#M1", {}}, {"赤 に 光れ", "#PR255G000B000T010", {}}, {"turn right", "#M3", {}}};

std::string phrase(std::string_view text) { return phrase_of(hypothesis_of(text, kRules)); }

TEST(SpokenText, ReadsAsARuleDoesButForBlanksPunctuationAndCase) {
  for (const char* said : {"前へ進め", "前へ進め。", " 前へ 進め！", "「前へ、進め」"}) {
    EXPECT_EQ(phrase(said), "前へ進め") << said;
  }
  for (const char* said : {"赤に光れ", "赤に　光れ。", "赤 に 光れ"}) {
    EXPECT_EQ(phrase(said), "赤 に 光れ") << said;
  }
  for (const char* said : {"Turn right.", "TURN RIGHT", " turn, right! "}) {
    EXPECT_EQ(phrase(said), "turn right") << said;
  }
}

TEST(SpokenText, WhatReadsLikeNoRuleStaysAsItIs) {
  EXPECT_EQ(phrase("右を  向け。"), "右を 向け。");
  EXPECT_EQ(phrase("turn wright"), "turn wright");
  EXPECT_EQ(phrase(""), "");
  EXPECT_EQ(phrase("。"), "。");
  EXPECT_EQ(phrase("...\n"), "...");
}

TEST(SpokenText, HasNoConfidence) {
  const JuliusHypothesis hypothesis = hypothesis_of("赤に光れ", kRules);
  ASSERT_EQ(hypothesis.words.size(), 3U);
  for (const JuliusWord& word : hypothesis.words) EXPECT_EQ(word.confidence, std::nullopt);
  EXPECT_EQ(RuleSet(kRules, 1.0).decide(hypothesis).outcome, Decision::Outcome::send);
}

}  // namespace
}  // namespace bunshin::testing
