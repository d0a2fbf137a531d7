#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/julius_message.h"

namespace bunshin {

/// What is sent to the robot when a phrase is heard.
struct Rule {
  std::string words;                     // as normalise_words() leaves them
  std::string send;                      // see validate_command()
  std::optional<double> min_confidence;  // this rule's own, instead of the general one
  bool operator==(const Rule&) const = default;
};

/// Words parted by single spaces: runs of blanks, the ideographic space U+3000 among them, become
/// one, and those at either end go.
std::string normalise_words(std::string_view words);

/// The words of a hypothesis, without the sentence boundaries <s> and </s>.
std::string phrase_of(const JuliusHypothesis& hypothesis);

/// What the rules make of a final hypothesis, and all that is needed to tell a person why.
struct Decision {
  enum class Outcome { no_rule, refused, send };

  Outcome outcome = Outcome::no_rule;
  std::string phrase;
  const Rule* rule = nullptr;  // of the RuleSet; set unless outcome is no_rule
  double required = 0;         // the confidence every word needed
  std::string weakest_word;
  std::optional<double> confidence;  // of that word; none when the engine gave none
};

/// The rules of one configuration. Immutable once made; decisions point into it.
class RuleSet {
 public:
  RuleSet(std::vector<Rule> rules, double min_confidence);

  /// REQUIRES: a final hypothesis (JuliusMessage::final_hypothesis). Every word of the phrase needs
  /// the confidence asked for; a word for which the engine gave none passes.
  Decision decide(const JuliusHypothesis& hypothesis) const;

  const std::vector<Rule>& rules() const { return rules_; }

 private:
  std::vector<Rule> rules_;
  double min_confidence_;
};

}  // namespace bunshin
