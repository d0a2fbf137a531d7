#include "bridge/rules.h"

namespace bunshin {
namespace {

using Outcome = Decision::Outcome;

JuliusWord word(std::string text, std::optional<double> confidence) {
  return {std::move(text), "", "", confidence};
}

JuliusHypothesis heard(std::vector<JuliusWord> words) {
  words.insert(words.begin(), word("<s>", 0.1));
  words.push_back(word("</s>", 0.1));
  return {false, 1, 0, std::move(words)};
}

RuleSet eyes() {
  return RuleSet({{"赤  に　光れ", "#PR255G000B000T010", std::nullopt}, {"止まれ", "#M0", 0.3}},
                 0.7);
}

TEST(Rules, BlanksOfEveryKindBecomeOneSpace) {
  EXPECT_EQ(normalise_words("  赤\t　に \n 光れ　"), "赤 に 光れ");
  EXPECT_EQ(normalise_words(" 　\t"), "");
}

TEST(Rules, ThePhraseLeavesTheSentenceBoundariesOut) {
  EXPECT_EQ(phrase_of(heard({word("赤", 1), word("に", 1), word("光れ", 1)})), "赤 に 光れ");
  EXPECT_EQ(phrase_of(heard({})), "");
}

TEST(Rules, SendsWhatMatches) {
  const RuleSet rules = eyes();
  const Decision decision =
      rules.decide(heard({word("赤", 0.9), word("に", 0.8), word("光れ", 1)}));
  EXPECT_EQ(decision.outcome, Outcome::send);
  ASSERT_NE(decision.rule, nullptr);
  EXPECT_EQ(decision.rule->send, "#PR255G000B000T010");
  EXPECT_EQ(decision.phrase, "赤 に 光れ");
  EXPECT_EQ(decision.confidence, 0.8);
  EXPECT_EQ(decision.weakest_word, "に");
}

TEST(Rules, RefusesWhenOneWordIsTooUnsure) {
  const RuleSet rules = eyes();
  const Decision decision =
      rules.decide(heard({word("赤", 0.997), word("に", 1), word("光れ", 0.632)}));
  EXPECT_EQ(decision.outcome, Outcome::refused);
  EXPECT_EQ(decision.weakest_word, "光れ");
  EXPECT_EQ(decision.confidence, 0.632);
  EXPECT_EQ(decision.required, 0.7);
}

TEST(Rules, TheLimitItselfPasses) {
  const RuleSet rules = eyes();
  const auto at = [&](double c) {
    return rules.decide(heard({word("赤", c), word("に", 1), word("光れ", 1)})).outcome;
  };
  EXPECT_EQ(at(0.7), Outcome::send);
  EXPECT_EQ(at(0.699), Outcome::refused);
}

TEST(Rules, ARuleMayHaveALimitOfItsOwn) {
  const RuleSet rules = eyes();
  EXPECT_EQ(rules.decide(heard({word("止まれ", 0.3)})).outcome, Outcome::send);
  const Decision refused = rules.decide(heard({word("止まれ", 0.29)}));
  EXPECT_EQ(refused.outcome, Outcome::refused);
  EXPECT_EQ(refused.required, 0.3);
}

TEST(Rules, AWordWithoutConfidencePasses) {
  const RuleSet rules = eyes();
  const Decision decision = rules.decide(heard({word("赤", {}), word("に", {}), word("光れ", {})}));
  EXPECT_EQ(decision.outcome, Outcome::send);
  EXPECT_EQ(decision.confidence, std::nullopt);
}

TEST(Rules, OnlyTheWholePhraseMatches) {
  const RuleSet rules = eyes();
  EXPECT_EQ(rules.decide(heard({word("赤", 1), word("に", 1)})).outcome, Outcome::no_rule);
  EXPECT_EQ(rules.decide(heard({word("赤に光れ", 1)})).outcome, Outcome::no_rule);
  EXPECT_EQ(rules.decide(heard({})).outcome, Outcome::no_rule);
  EXPECT_EQ(RuleSet({{" ", "#M1", {}}}, 0).decide(heard({})).outcome, Outcome::no_rule);
}

}  // namespace
}  // namespace bunshin
