#include "bridge/changed_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace bunshin {
namespace {

struct Line {
  std::size_t number;
  std::string_view text;
};
using Lines = std::vector<Line>;

/// Those that say something, without the blanks around.
Lines lines_of(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  Lines lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
    line = line.substr(0, line.find_last_not_of(kBlank) + 1);
    if (!line.empty() && line.front() != '#') lines.push_back({number, line});
  }
  return lines;
}

/// The longest common subsequence of both, from each pair of places on (Wagner and Fischer).
class Common {
 public:
  Common(const Lines& before, const Lines& after)
      : columns_(after.size() + 1), length_((before.size() + 1) * columns_) {
    for (std::size_t row = before.size(); row-- > 0;) {
      for (std::size_t column = after.size(); column-- > 0;) {
        at(row, column) = before[row].text == after[column].text
                              ? at(row + 1, column + 1) + 1
                              : std::max(at(row + 1, column), at(row, column + 1));
      }
    }
  }
  unsigned& at(std::size_t row, std::size_t column) { return length_[row * columns_ + column]; }

 private:
  std::size_t columns_;
  std::vector<unsigned> length_;
};

/// Beyond that the table would take more than 16 MiB.
constexpr std::size_t kMostPairs = std::size_t{4} << 20;

bool same(const Line& one, const Line& other) { return one.text == other.text; }

/// Takes what both begin and end with out of both.
void trim_common(Lines& before, Lines& after) {
  const auto [first, second] =
      std::mismatch(before.begin(), before.end(), after.begin(), after.end(), same);
  before.erase(before.begin(), first);
  after.erase(after.begin(), second);
  const auto [last, other] =
      std::mismatch(before.rbegin(), before.rend(), after.rbegin(), after.rend(), same);
  before.erase(last.base(), before.end());
  after.erase(other.base(), after.end());
}

}  // namespace

std::vector<std::string> changed_lines(std::string_view before_text, std::string_view after_text) {
  Lines before = lines_of(before_text);
  Lines after = lines_of(after_text);
  trim_common(before, after);
  if (before.size() * after.size() > kMostPairs) {
    return {fmt::format("{} to {}: {} lines in place of {}", after.front().number,
                        after.back().number, after.size(), before.size())};
  }
  Common common(before, after);
  std::vector<std::string> changes;
  std::size_t row = 0;
  std::size_t column = 0;
  while (row < before.size() || column < after.size()) {
    const bool both = row < before.size() && column < after.size();
    if (both && same(before[row], after[column])) {
      ++row;
      ++column;
    } else if (column == after.size() ||
               (both && common.at(row + 1, column) >= common.at(row, column + 1))) {
      changes.push_back(fmt::format("{}: {} is gone", before[row].number, before[row].text));
      ++row;
    } else {
      changes.push_back(fmt::format("{}: {} is new", after[column].number, after[column].text));
      ++column;
    }
  }
  return changes;
}

}  // namespace bunshin
