#include "bridge/spoken_text.h"

#include <algorithm>
#include <array>
#include <string>

namespace bunshin {
namespace {

constexpr std::array<std::string_view, 12> kPunctuation = {"、", "。", "，", "．", "！", "？",
                                                           "「", "」", "・", "…",  "．", "　"};

bool is_ascii_letter_or_digit(char c) {
  return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9');
}

/// What is left of `text` to compare.
std::string letters_of(std::string_view text) {
  std::string letters;
  while (!text.empty()) {
    const auto mark = std::find_if(kPunctuation.begin(), kPunctuation.end(),
                                   [&](std::string_view one) { return text.starts_with(one); });
    if (mark != kPunctuation.end()) {
      text.remove_prefix(mark->size());
      continue;
    }
    const char c = text.front();
    const bool ascii = static_cast<unsigned char>(c) < 0x80;
    if (!ascii || is_ascii_letter_or_digit(c)) {
      letters.push_back('A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
    text.remove_prefix(1);
  }
  return letters;
}

}  // namespace

JuliusHypothesis hypothesis_of(std::string_view text, const std::vector<Rule>& rules) {
  const std::string letters = letters_of(text);
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const Rule& candidate) {
    const bool has_gaps = candidate.words.find('*') != candidate.words.npos;
    return !letters.empty() && !has_gaps && letters_of(candidate.words) == letters;
  });
  const std::string words = rule == rules.end() ? normalise_words(text) : rule->words;
  JuliusHypothesis hypothesis;
  hypothesis.rank = 1;
  for (std::string_view left = words; !left.empty();) {
    const std::string_view word = left.substr(0, left.find(' '));
    hypothesis.words.push_back({std::string(word), {}, {}, {}});
    left.remove_prefix(std::min(word.size() + 1, left.size()));
  }
  return hypothesis;
}

}  // namespace bunshin
