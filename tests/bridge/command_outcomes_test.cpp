#include "bridge/command_outcomes.h"

#include <gmock/gmock.h>

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CommandOutcomesTest : public ::testing::Test {
 protected:
  /// As the bridge does.
  void say(const Rule* rule, Decision::Outcome outcome) {
    Decision decision;
    decision.outcome = outcome;
    decision.phrase = rule == nullptr ? "nonsense" : rule->words;
    decision.rule = rule;
    outcomes.heard(decision);
    if (outcome == Decision::Outcome::send) outcomes.ordered(rule->send);
  }
  void follow(const Rule* rule, Decision::Outcome outcome) {
    outcomes.follow(
        [this](const PhraseOutcome& told) {
          ends.push_back((told.done ? "done: " : "not done: ") + told.sentence);
        },
        [&] { say(rule, outcome); });
  }

  const Rule wave{"手を振れ", "#M5", {}};
  const Rule stop{"止まれ", "#M0", {}};
  CommandOutcomes outcomes;
  std::vector<std::string> ends;
};

TEST_F(CommandOutcomesTest, TellsWhatBecameOfAPhrase) {
  follow(&wave, Decision::Outcome::send);
  EXPECT_THAT(ends, IsEmpty());
  outcomes.answered("#C", "#C0");
  outcomes.answered("#M5", "#M5");
  outcomes.answered("#M5", "#M5");
  EXPECT_THAT(ends, ElementsAre("done: \"手を振れ\": #M5 was sent, and the robot answered #M5."));
}

TEST_F(CommandOutcomesTest, WhatMovesNothingIsToldAtOnce) {
  follow(nullptr, Decision::Outcome::no_rule);
  follow(&wave, Decision::Outcome::refused);
  EXPECT_THAT(ends, ElementsAre("not done: There is no rule for \"nonsense\".",
                                "not done: \"手を振れ\" was not heard clearly enough."));
}

TEST_F(CommandOutcomesTest, EachEndIsTheRightOnes) {
  say(&wave, Decision::Outcome::send);  // by Julius
  follow(&wave, Decision::Outcome::send);
  follow(&stop, Decision::Outcome::send);
  outcomes.dropped("#M5", "#M0 goes ahead");
  EXPECT_THAT(ends, IsEmpty()) << "that was Julius'";
  outcomes.gave_up("#M5", "no reply in 1000 ms");
  outcomes.refused("#M0", "too many wait");
  EXPECT_THAT(ends, ElementsAre("not done: \"手を振れ\": #M5 was given up: no reply in 1000 ms.",
                                "not done: \"止まれ\": #M0 was refused: too many wait."));
}

TEST_F(CommandOutcomesTest, ACommandThatEndsWhileItIsHandedOverIsNotMissed) {
  outcomes.follow([this](const PhraseOutcome& told) { ends.push_back(told.sentence); },
                  [&] {
                    say(&stop, Decision::Outcome::send);
                    outcomes.refused("#M0", "too many wait");
                  });
  EXPECT_EQ(ends.size(), 1U);
}

}  // namespace
}  // namespace bunshin::testing
