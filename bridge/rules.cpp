#include "bridge/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "bridge/phrases.h"
#include "bridge/text_decoder.h"

namespace bunshin {
namespace {

constexpr std::string_view kIdeographicSpace = "\xe3\x80\x80";

/// Length of the blank `text` begins with, 0 if it begins with something else.
std::size_t blank_at(std::string_view text) {
  if (std::string_view(" \t\r\n\v\f").find(text.front()) != std::string_view::npos) return 1;
  const bool wide = text.substr(0, kIdeographicSpace.size()) == kIdeographicSpace;
  return wide ? kIdeographicSpace.size() : 0;
}

bool is_one_of(const std::vector<std::string>& ignored, const JuliusWord& word) {
  return std::find(ignored.begin(), ignored.end(), word.word) != ignored.end();
}

void find_weakest(const JuliusHypothesis& hypothesis, const std::vector<std::string>& ignored,
                  Decision& decision) {
  for (const JuliusWord& word : hypothesis.words) {
    if (is_one_of(ignored, word) || !word.confidence) continue;
    if (decision.confidence && *decision.confidence <= *word.confidence) continue;
    decision.confidence = word.confidence;
    decision.weakest_word = word.word;
  }
}

}  // namespace

std::string Rule::name() const {
  if (output) return "whatever is a command";
  return pattern.empty() ? words : "/" + pattern + "/";
}

std::vector<std::string> default_ignored_words() {
  return {"<s>", "</s>", "<sp>", "[s]", "[/s]", "silB", "silE"};
}

std::string normalise_words(std::string_view words) {
  std::string result;
  bool gap = false;
  while (!words.empty()) {
    if (const std::size_t blank = blank_at(words)) {
      gap = true;
      words.remove_prefix(blank);
      continue;
    }
    if (gap && !result.empty()) result.push_back(' ');
    gap = false;
    result.push_back(words.front());
    words.remove_prefix(1);
  }
  return result;
}

std::string phrase_of(const JuliusHypothesis& hypothesis, const std::vector<std::string>& ignored) {
  std::string phrase;
  for (const JuliusWord& word : hypothesis.words) {
    if (is_one_of(ignored, word)) continue;
    phrase.append(word.word).push_back(' ');
  }
  return normalise_words(phrase);
}

RuleSet::RuleSet(std::vector<Rule> rules, double min_confidence, std::vector<std::string> ignored,
                 CommandCheck check)
    : rules_(std::move(rules)),
      min_confidence_(min_confidence),
      ignored_(std::move(ignored)),
      check_(std::move(check)),
      obeyed_(rules_.size()) {
  for (Rule& rule : rules_) {
    rule.words = normalise_words(rule.words);
    phrases_.push_back(std::make_unique<const Phrases>(rule));
  }
}

RuleSet::~RuleSet() = default;
RuleSet::RuleSet(RuleSet&&) noexcept = default;
RuleSet& RuleSet::operator=(RuleSet&&) noexcept = default;

Decision RuleSet::decide(const JuliusHypothesis& hypothesis, TimePoint now) {
  Decision decision;
  decision.phrase = phrase_of(hypothesis, ignored_);
  find_weakest(hypothesis, ignored_, decision);
  if (decision.phrase.find(kReplacement) != std::string::npos) return decision;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i];
    const auto captured = phrases_[i]->match(decision.phrase);
    if (!captured) continue;
    std::string command = fill_in(rule.send, *captured);
    const bool understood = !check_(command);
    if (rule.output && !understood) continue;  // words of another rule
    decision.rule = &rule;
    decision.command = std::move(command);
    decision.required = rule.min_confidence.value_or(min_confidence_);
    if (decision.confidence && *decision.confidence < decision.required) {
      decision.outcome = Decision::Outcome::refused;
    } else if (!understood) {
      decision.outcome = Decision::Outcome::not_a_command;
    } else if (obeyed_[i] && now - *obeyed_[i] < rule.cool_down) {
      decision.outcome = Decision::Outcome::cooling_down;
    } else {
      decision.outcome = Decision::Outcome::send;
      obeyed_[i] = now;
    }
    break;
  }
  return decision;
}

const char* outcome_name(Decision::Outcome outcome) {
  switch (outcome) {
    case Decision::Outcome::no_rule:
      return "no_rule";
    case Decision::Outcome::refused:
      return "refused";
    case Decision::Outcome::cooling_down:
      return "cooling_down";
    case Decision::Outcome::not_a_command:
      return "not_a_command";
    case Decision::Outcome::send:
      return "send";
  }
  return "";
}

std::optional<std::string> pattern_problem(const std::string& pattern) {
  try {
    const Phrases phrases(Rule{{}, {}, std::nullopt, pattern});
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return std::nullopt;
}

std::optional<std::string> captures_problem(const Rule& rule) {
  const std::size_t captures = Phrases(rule).captures();
  const auto greatest = greatest_capture(rule.send);
  if (!greatest || *greatest <= captures) return std::nullopt;
  return fmt::format("there is no {{{}}}: the rule has {} \"*\" or groups", *greatest, captures);
}

}  // namespace bunshin
