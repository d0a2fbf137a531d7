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
  RuleSet rules = eyes();
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
  RuleSet rules = eyes();
  const Decision decision =
      rules.decide(heard({word("赤", 0.997), word("に", 1), word("光れ", 0.632)}));
  EXPECT_EQ(decision.outcome, Outcome::refused);
  EXPECT_EQ(decision.weakest_word, "光れ");
  EXPECT_EQ(decision.confidence, 0.632);
  EXPECT_EQ(decision.required, 0.7);
}

TEST(Rules, TheLimitItselfPasses) {
  RuleSet rules = eyes();
  const auto at = [&](double c) {
    return rules.decide(heard({word("赤", c), word("に", 1), word("光れ", 1)})).outcome;
  };
  EXPECT_EQ(at(0.7), Outcome::send);
  EXPECT_EQ(at(0.699), Outcome::refused);
}

TEST(Rules, ARuleMayHaveALimitOfItsOwn) {
  RuleSet rules = eyes();
  EXPECT_EQ(rules.decide(heard({word("止まれ", 0.3)})).outcome, Outcome::send);
  const Decision refused = rules.decide(heard({word("止まれ", 0.29)}));
  EXPECT_EQ(refused.outcome, Outcome::refused);
  EXPECT_EQ(refused.required, 0.3);
}

TEST(Rules, AWordWithoutConfidencePasses) {
  RuleSet rules = eyes();
  const Decision decision = rules.decide(heard({word("赤", {}), word("に", {}), word("光れ", {})}));
  EXPECT_EQ(decision.outcome, Outcome::send);
  EXPECT_EQ(decision.confidence, std::nullopt);
}

TEST(Rules, OnlyTheWholePhraseMatches) {
  RuleSet rules = eyes();
  EXPECT_EQ(rules.decide(heard({word("赤", 1), word("に", 1)})).outcome, Outcome::no_rule);
  EXPECT_EQ(rules.decide(heard({word("赤に光れ", 1)})).outcome, Outcome::no_rule);
  EXPECT_EQ(rules.decide(heard({})).outcome, Outcome::no_rule);
  EXPECT_EQ(RuleSet({{" ", "#M1", {}}}, 0).decide(heard({})).outcome, Outcome::no_rule);
}

std::string sent(RuleSet& rules, std::initializer_list<JuliusWord> words) {
  const Decision decision = rules.decide(heard(words));
  return decision.outcome == Outcome::send ? decision.command : "";
}

RuleSet one(Rule rule) { return RuleSet({std::move(rule)}, 0.7); }

TEST(Rules, WordsThatAreNoneAreNotHeard) {
  RuleSet rules = eyes();
  EXPECT_EQ(sent(rules, {word("[s]", 1), word("silB", 0), word("止まれ", 1), word("<sp>", 0.1),
                         word("silE", 1)}),
            "#M0");
  RuleSet own({{"silB", "#M0", std::nullopt}}, 0.7, {"えーと", "<s>", "</s>"});
  EXPECT_EQ(sent(own, {word("えーと", 0), word("silB", 1)}), "#M0");
}

TEST(Rules, GapsStandForAnyWords) {
  RuleSet rules = one({"* 右 * 向け", "#M3", std::nullopt});
  EXPECT_EQ(sent(rules, {word("右", 1), word("向け", 1)}), "#M3");
  EXPECT_EQ(sent(rules, {word("さあ", 1), word("右", 1), word("を", 1), word("向け", 1)}), "#M3");
  EXPECT_EQ(sent(rules, {word("右", 1), word("a", 1), word("b", 1), word("向け", 1)}), "#M3");
  EXPECT_EQ(sent(rules, {word("右向け", 1)}), "") << "words are whole";
  EXPECT_EQ(sent(rules, {word("右", 1), word("向け", 1), word("ない", 1)}), "");
  RuleSet dot = one({"* . *", "#M1", std::nullopt});
  EXPECT_EQ(sent(dot, {word("x", 1)}), "") << "a word is no pattern";
}

TEST(Rules, WhatAGapTakesCanBeSent) {
  RuleSet rules = one({"動作 *", "#M{1}", std::nullopt});
  EXPECT_EQ(sent(rules, {word("動作", 1), word("5", 1)}), "#M5");
  const Decision wrong = rules.decide(heard({word("動作", 1), word("五", 1)}));
  EXPECT_EQ(wrong.outcome, Outcome::not_a_command);
  EXPECT_EQ(wrong.command, "#M五");
}

TEST(Rules, RegularExpressions) {
  Rule rule{"", "#PR{1}G000B000T010", std::nullopt};
  rule.pattern = "(?:赤|red) (\\d{3})";
  RuleSet rules = one(rule);
  EXPECT_EQ(sent(rules, {word("赤", 1), word("128", 1)}), "#PR128G000B000T010");
  EXPECT_EQ(sent(rules, {word("もっと", 1), word("赤", 1), word("128", 1)}), "")
      << "the whole phrase";
  EXPECT_EQ(sent(rules, {word("赤", 0.1), word("128", 1)}), "");
  EXPECT_TRUE(pattern_problem("(a"));
  EXPECT_TRUE(pattern_problem("(a{1000}){1000}")) << "no pattern costs all the memory";
  EXPECT_FALSE(pattern_problem("a*b"));
  EXPECT_THROW(one({"", "#M0", std::nullopt, "(a"}), std::invalid_argument);
}

TEST(Rules, ACommandInTheDictionarysOutput) {
  Rule rule{"", "{0}", std::nullopt};
  rule.output = true;
  RuleSet rules({rule, {"止まれ", "#M0", std::nullopt}}, 0.7);
  EXPECT_EQ(sent(rules, {word("#M1", 1)}), "#M1");
  EXPECT_EQ(sent(rules, {word("#M", 1)}), "") << "half a command is none";
  EXPECT_EQ(sent(rules, {word("止まれ", 1)}), "#M0") << "others have their rules";
}

TEST(Rules, ARuleCoolsDown) {
  Rule rule{"手を振れ", "#M5", std::nullopt};
  rule.cool_down = std::chrono::seconds(2);
  RuleSet rules = one(rule);
  const RuleSet::TimePoint start{};
  const JuliusHypothesis wave = heard({word("手を振れ", 1)});
  EXPECT_EQ(rules.decide(wave, start).outcome, Outcome::send);
  EXPECT_EQ(rules.decide(wave, start + std::chrono::milliseconds(1999)).outcome,
            Outcome::cooling_down);
  EXPECT_EQ(rules.decide(wave, start + std::chrono::seconds(2)).outcome, Outcome::send);
  EXPECT_EQ(rules.decide(heard({word("手を振れ", 0.1)}), start + std::chrono::seconds(9)).outcome,
            Outcome::refused);
  EXPECT_EQ(rules.decide(wave, start + std::chrono::seconds(9)).outcome, Outcome::send)
      << "what was refused warms nothing";
}

TEST(Rules, CapturesThatAreNot) {
  EXPECT_FALSE(captures_problem({"a * *", "#M{2}", std::nullopt}));
  EXPECT_TRUE(captures_problem({"a *", "#M{2}", std::nullopt}));
  EXPECT_TRUE(captures_problem({"a", "#M{1}", std::nullopt}));
  EXPECT_FALSE(captures_problem({"a", "#M{0}", std::nullopt}));
  EXPECT_FALSE(captures_problem({"a", "#M{x}{", std::nullopt})) << "that is no capture";
}

}  // namespace
}  // namespace bunshin
