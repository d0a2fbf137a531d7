#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bunshin {

/// Counts values, nanoseconds say, to three significant digits: up to 2,047 every value has a
/// counter of its own; from there each power of two is cut into 1,024 equal parts. (The layout of
/// HdrHistogram.) Recording is a shift and an addition, and allocates nothing. A value; one thread.
class Histogram {
 public:
  /// Values above count as this one: 1.2 hours in nanoseconds. max() stays exact.
  static constexpr std::uint64_t kLargest = (std::uint64_t{1} << 42) - 1;

  Histogram();

  void record(std::uint64_t value);
  void clear();

  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// 0 when nothing was recorded; so are all that follow.
  [[nodiscard]] std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
  [[nodiscard]] std::uint64_t max() const { return max_; }
  [[nodiscard]] double mean() const;
  /// The value that `percentile` percent of all are at or below; the largest of those that share
  /// its counter, but no more than max(). REQUIRES: 0 <= percentile <= 100.
  [[nodiscard]] std::uint64_t at(double percentile) const;

  struct Point {
    double percentile;
    std::uint64_t value;
  };
  /// The distribution for plotting: the distance to 100 % halves every five points, down to the
  /// last value recorded.
  [[nodiscard]] std::vector<Point> curve() const;

 private:
  static std::size_t index_of(std::uint64_t value);
  static std::uint64_t largest_of(std::size_t index);

  std::vector<std::uint64_t> counters_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = 0;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace bunshin
