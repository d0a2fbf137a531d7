#include "bridge/rules.h"

#include <algorithm>
#include <utility>

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

bool is_boundary(const JuliusWord& word) { return word.word == "<s>" || word.word == "</s>"; }

void find_weakest(const JuliusHypothesis& hypothesis, Decision& decision) {
  for (const JuliusWord& word : hypothesis.words) {
    if (is_boundary(word) || !word.confidence) continue;
    if (decision.confidence && *decision.confidence <= *word.confidence) continue;
    decision.confidence = word.confidence;
    decision.weakest_word = word.word;
  }
}

}  // namespace

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

std::string phrase_of(const JuliusHypothesis& hypothesis) {
  std::string phrase;
  for (const JuliusWord& word : hypothesis.words) {
    if (is_boundary(word)) continue;
    phrase.append(word.word).push_back(' ');
  }
  return normalise_words(phrase);
}

RuleSet::RuleSet(std::vector<Rule> rules, double min_confidence)
    : rules_(std::move(rules)), min_confidence_(min_confidence) {
  for (Rule& rule : rules_) rule.words = normalise_words(rule.words);
}

Decision RuleSet::decide(const JuliusHypothesis& hypothesis) const {
  Decision decision;
  decision.phrase = phrase_of(hypothesis);
  find_weakest(hypothesis, decision);
  if (decision.phrase.find(kReplacement) != std::string::npos) return decision;
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& candidate) {
    return !candidate.words.empty() && candidate.words == decision.phrase;
  });
  if (rule == rules_.end()) return decision;
  decision.rule = &*rule;
  decision.required = rule->min_confidence.value_or(min_confidence_);
  const bool refused = decision.confidence && *decision.confidence < decision.required;
  decision.outcome = refused ? Decision::Outcome::refused : Decision::Outcome::send;
  return decision;
}

}  // namespace bunshin
