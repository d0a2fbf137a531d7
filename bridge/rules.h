#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/julius_message.h"
#include "bridge/robot_protocol.h"

namespace bunshin {

/// What is sent to the robot when something is heard. One of `words`, `pattern` and `output` says
/// what that is.
struct Rule {
  /// As normalise_words() leaves them. A word that is "*" stands for any number of words, none
  /// among them.
  std::string words;
  /// See validate_command(). "{1}" stands for what the first "*" or group of the pattern has taken,
  /// and so on; "{0}" for all that was heard.
  std::string send;
  std::optional<double> min_confidence;  ///< this rule's own, instead of the general one
  std::string pattern{};                 ///< a regular expression (RE2) for the whole phrase
  bool output = false;  ///< what was heard is itself a command: a dictionary may say "#M1"
  std::chrono::milliseconds cool_down{0};  ///< so long it is not obeyed again
  bool operator==(const Rule&) const = default;

  /// What it is for, in one line.
  [[nodiscard]] std::string name() const;
};

/// Words parted by single spaces: runs of blanks, the ideographic space U+3000 among them, become
/// one, and those at either end go.
std::string normalise_words(std::string_view words);

/// Words that are none: sentence boundaries and pauses, as the dictionaries of Julius call them.
std::vector<std::string> default_ignored_words();

/// The words of a hypothesis, without those to be ignored.
std::string phrase_of(const JuliusHypothesis& hypothesis,
                      const std::vector<std::string>& ignored = default_ignored_words());

/// What the rules make of a final hypothesis, and all that is needed to tell a person why.
struct Decision {
  enum class Outcome {
    no_rule,
    refused,        // a word was not heard with the confidence it needs
    cooling_down,   // the rule was obeyed a moment ago
    not_a_command,  // what came of "{1}" is nothing the robot understands
    send
  };

  Outcome outcome = Outcome::no_rule;
  std::string phrase;
  const Rule* rule = nullptr;  // of the RuleSet; set unless outcome is no_rule
  std::string command;         // to send
  double required = 0;         // the confidence every word needed
  std::string weakest_word;
  std::optional<double> confidence;  // of that word; none when the engine gave none
};

/// "no_rule", "send" and so on, for what other programs are told.
const char* outcome_name(Decision::Outcome outcome);

class Phrases;

/// The rules of one configuration. The first one that matches decides. Decisions point into it.
class RuleSet {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Throws std::invalid_argument for a pattern that pattern_problem() does not accept.
  RuleSet(std::vector<Rule> rules, double min_confidence,
          std::vector<std::string> ignored = default_ignored_words(),
          CommandCheck check = command_check({}));
  ~RuleSet();
  RuleSet(RuleSet&&) noexcept;
  RuleSet& operator=(RuleSet&&) noexcept;

  /// REQUIRES: a final hypothesis (JuliusMessage::final_hypothesis). Every word of the phrase needs
  /// the confidence asked for; a word for which the engine gave none passes. A rule that decides to
  /// send cools down from `now` on.
  Decision decide(const JuliusHypothesis& hypothesis, TimePoint now = {});

  const std::vector<Rule>& rules() const { return rules_; }
  const std::vector<std::string>& ignored() const { return ignored_; }

 private:
  std::vector<Rule> rules_;
  double min_confidence_;
  std::vector<std::string> ignored_;
  CommandCheck check_;
  std::vector<std::unique_ptr<const Phrases>> phrases_;  // one a rule
  std::vector<std::optional<TimePoint>> obeyed_;         // when it was last
};

/// What is wrong with a regular expression, or nothing.
std::optional<std::string> pattern_problem(const std::string& pattern);
/// What is wrong with the "{1}" of a rule that is otherwise right, or nothing.
std::optional<std::string> captures_problem(const Rule& rule);

}  // namespace bunshin
