#include "bridge/did_you_mean.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace bunshin {
namespace {

constexpr std::size_t kSlips = 2;
constexpr std::size_t kLongestWord = 64;

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string_view> did_you_mean(std::string_view word,
                                             std::span<const std::string_view> known) {
  // As many slips as letters would make any word of any other.
  const std::size_t allowed = std::min(kSlips, word.empty() ? 0 : word.size() - 1);
  if (word.size() > kLongestWord || known.empty()) return std::nullopt;
  const std::string_view nearest =
      *std::min_element(known.begin(), known.end(), [word](std::string_view a, std::string_view b) {
        return edit_distance(word, a) < edit_distance(word, b);
      });
  if (edit_distance(word, nearest) > allowed) return std::nullopt;
  return nearest;
}

}  // namespace bunshin
