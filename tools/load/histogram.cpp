#include "tools/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bunshin {

namespace {

constexpr unsigned kPrecisionBits = 11;  // 2,048 values of which each has its counter
constexpr std::size_t kHalf = std::size_t{1} << (kPrecisionBits - 1);

}  // namespace

Histogram::Histogram() : counters_(index_of(kLargest) + 1) {}

std::size_t Histogram::index_of(std::uint64_t value) {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  if (width <= kPrecisionBits) return static_cast<std::size_t>(value);
  const unsigned shift = width - kPrecisionBits;
  return shift * kHalf + static_cast<std::size_t>(value >> shift);
}

std::uint64_t Histogram::largest_of(std::size_t index) {
  if (index < 2 * kHalf) return index;
  const std::size_t shift = index / kHalf - 1;
  const std::uint64_t part = index - shift * kHalf;
  return ((part + 1) << shift) - 1;
}

void Histogram::record(std::uint64_t value) {
  ++counters_[index_of(std::min(value, kLargest))];
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
  ++count_;
}

void Histogram::clear() {
  std::fill(counters_.begin(), counters_.end(), 0);
  count_ = min_ = max_ = 0;
  sum_ = 0;
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

std::uint64_t Histogram::at(double percentile) const {
  // 99.9 has no exact binary form: a millionth of a value must not make it the next one's rank.
  const double share = percentile * static_cast<double>(count_) / 100 - 1e-6;
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share)));
  std::uint64_t seen = 0;
  for (std::size_t index = 0; index < counters_.size(); ++index) {
    seen += counters_[index];
    if (seen >= rank) return std::min(largest_of(index), max_);
  }
  return max_;
}

std::vector<Histogram::Point> Histogram::curve() const {
  std::vector<Point> points;
  if (count_ == 0) return points;
  const double last = 100 - 100 / static_cast<double>(count_);
  for (int step = 0;; ++step) {
    const double percentile = 100 - 100 * std::exp2(-step / 5.0);
    if (percentile > last) break;
    points.push_back({percentile, at(percentile)});
  }
  points.push_back({100, max_});
  return points;
}

}  // namespace bunshin
