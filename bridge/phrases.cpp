#include "bridge/phrases.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace bunshin {
namespace {

constexpr std::string_view kGap = "*";
/// A pattern is read from a file that may be anybody's: it costs no more than this.
constexpr std::int64_t kMemory = std::int64_t{1} << 20;

/// Calls `with` for each word, parted by single spaces.
template <typename With>
void for_each_word(std::string_view words, With with) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    with(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

bool has_gap(std::string_view words) {
  bool gap = false;
  for_each_word(words, [&](std::string_view word) { gap = gap || word == kGap; });
  return gap;
}

/// "a * b" becomes "a(?: (.*?))?? b": what a gap takes are whole words, as few as will do, and the
/// space before them goes with them.
std::string pattern_of(std::string_view words) {
  std::string pattern;
  for_each_word(words, [&](std::string_view word) {
    pattern += word == kGap ? "(?: ([^ ]+(?: [^ ]+)*?))??"
                            : " " + re2::RE2::QuoteMeta(re2::StringPiece(word.data(), word.size()));
  });
  return pattern;
}

std::unique_ptr<const re2::RE2> compile(const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemory);
  auto compiled = std::make_unique<re2::RE2>(pattern, options);
  if (!compiled->ok()) throw std::invalid_argument(compiled->error());
  return compiled;
}

/// The N of a "{N}" at the front of `text`, and its length.
std::optional<std::pair<std::size_t, std::size_t>> capture_at(std::string_view text) {
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + 1, end, number);
  if (error != std::errc() || rest == end || *rest != '}') return std::nullopt;
  return std::pair(number, static_cast<std::size_t>(rest + 1 - text.data()));
}

}  // namespace

Phrases::Phrases(const Rule& rule) : words_(rule.words), output_(rule.output) {
  if (!rule.pattern.empty()) {
    pattern_ = compile(rule.pattern);
  } else if (has_gap(words_)) {
    pattern_ = compile(pattern_of(words_));
  }
}

Phrases::~Phrases() = default;

std::size_t Phrases::captures() const {
  return pattern_ ? static_cast<std::size_t>(pattern_->NumberOfCapturingGroups()) : 0;
}

std::optional<std::vector<std::string_view>> Phrases::match(std::string_view phrase) const {
  std::vector<std::string_view> captured = {phrase};
  if (!pattern_) {
    const bool matches = output_ ? !phrase.empty() : !words_.empty() && words_ == phrase;
    return matches ? std::optional(std::move(captured)) : std::nullopt;
  }
  // Words with gaps have a space before each, so that a gap at the front is as any other.
  const bool gaps = !words_.empty();
  const std::string text = gaps ? " " + std::string(phrase) : std::string(phrase);
  std::vector<re2::StringPiece> groups(captures() + 1);
  if (!pattern_->Match(text, 0, text.size(), re2::RE2::ANCHOR_BOTH, groups.data(),
                       static_cast<int>(groups.size()))) {
    return std::nullopt;
  }
  for (std::size_t i = 1; i < groups.size(); ++i) {
    const bool taken = groups[i].data() != nullptr;
    const auto at = taken ? static_cast<std::size_t>(groups[i].data() - text.data()) : 0;
    captured.push_back(taken ? phrase.substr(at - (gaps ? 1 : 0), groups[i].size())
                             : std::string_view());
  }
  return captured;
}

std::string fill_in(std::string_view send, const std::vector<std::string_view>& captured) {
  std::string text;
  for (std::size_t at = 0; at < send.size();) {
    const auto capture = send[at] == '{' ? capture_at(send.substr(at)) : std::nullopt;
    if (capture && capture->first < captured.size()) {
      text += captured[capture->first];
      at += capture->second;
    } else {
      text.push_back(send[at++]);
    }
  }
  return text;
}

std::optional<std::size_t> greatest_capture(std::string_view send) {
  std::optional<std::size_t> greatest;
  for (std::size_t at = send.find('{'); at != send.npos; at = send.find('{', at + 1)) {
    const auto capture = capture_at(send.substr(at));
    if (capture) greatest = std::max(greatest.value_or(0), capture->first);
  }
  return greatest;
}

}  // namespace bunshin
