#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/rules.h"

namespace re2 {
class RE2;
}

namespace bunshin {

/// The phrases a rule is for: words, words with gaps, a regular expression, or whatever is a
/// command. Immutable; one a rule, any thread.
class Phrases {
 public:
  /// Throws std::invalid_argument for a pattern that is none.
  explicit Phrases(const Rule& rule);
  ~Phrases();
  Phrases(const Phrases&) = delete;
  Phrases& operator=(const Phrases&) = delete;

  /// What "{0}", "{1}" and so on stand for when `phrase` is one of them. They point into it.
  [[nodiscard]] std::optional<std::vector<std::string_view>> match(std::string_view phrase) const;
  /// How many there are besides "{0}".
  [[nodiscard]] std::size_t captures() const;

 private:
  std::string words_;                        // without a gap
  std::unique_ptr<const re2::RE2> pattern_;  // of all others
  bool output_;
};

/// `send` with what was captured in the place of "{0}", "{1}", ... A brace that holds no number is
/// left alone, and so is one whose number is too great.
std::string fill_in(std::string_view send, const std::vector<std::string_view>& captured);
/// The greatest N of the "{N}" in it; nothing when there is none.
std::optional<std::size_t> greatest_capture(std::string_view send);

}  // namespace bunshin
