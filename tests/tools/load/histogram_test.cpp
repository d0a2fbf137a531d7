#include "tools/load/histogram.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace bunshin {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.max(), 0U);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.at(50), 0U);
  EXPECT_TRUE(histogram.curve().empty());
}

TEST(Histogram, IsExactForSmallValues) {
  for (std::uint64_t value = 0; value < 2048; ++value) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(5000);  // so that max() does not help
    EXPECT_EQ(histogram.at(50), value);
  }
}

TEST(Histogram, KeepsThreeSignificantDigits) {
  std::minstd_rand random(1);
  for (unsigned bits = 1; bits < 42; ++bits) {
    for (int repetition = 0; repetition < 20; ++repetition) {
      const std::uint64_t value =
          (std::uint64_t{1} << bits) + random() % (std::uint64_t{1} << bits);
      Histogram histogram;
      histogram.record(value);
      histogram.record(Histogram::kLargest);
      const std::uint64_t found = histogram.at(50);
      EXPECT_GE(found, value);
      EXPECT_LE(static_cast<double>(found - value), static_cast<double>(value) / 1000) << value;
    }
  }
}

TEST(Histogram, PercentilesAreRanks) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 1000; ++value) histogram.record(value);
  EXPECT_EQ(histogram.at(0), 1U);
  EXPECT_EQ(histogram.at(50), 500U);
  EXPECT_EQ(histogram.at(99), 990U);
  EXPECT_EQ(histogram.at(99.9), 999U);
  EXPECT_EQ(histogram.at(99.91), 1000U);
  EXPECT_EQ(histogram.at(100), 1000U);
  EXPECT_EQ(histogram.min(), 1U);
  EXPECT_EQ(histogram.max(), 1000U);
  EXPECT_DOUBLE_EQ(histogram.mean(), 500.5);
}

TEST(Histogram, LargerValuesThanItHoldsAreNotLost) {
  Histogram histogram;
  histogram.record(10);
  histogram.record(UINT64_MAX);
  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_EQ(histogram.max(), UINT64_MAX);
  EXPECT_EQ(histogram.at(100), Histogram::kLargest);
}

TEST(Histogram, NoPercentileExceedsTheMaximum) {
  Histogram histogram;
  histogram.record(1'000'001);
  EXPECT_EQ(histogram.at(50), 1'000'001U);
  EXPECT_EQ(histogram.at(100), 1'000'001U);
}

TEST(Histogram, CurveRisesToTheMaximum) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100'000; ++value) histogram.record(value);
  const auto curve = histogram.curve();
  ASSERT_GT(curve.size(), 50U);
  EXPECT_EQ(curve.front().percentile, 0);
  EXPECT_EQ(curve.back().percentile, 100);
  EXPECT_EQ(curve.back().value, 100'000U);
  for (std::size_t index = 1; index < curve.size(); ++index) {
    EXPECT_GT(curve[index].percentile, curve[index - 1].percentile);
    EXPECT_GE(curve[index].value, curve[index - 1].value);
  }
}

TEST(Histogram, ClearForgetsEverything) {
  Histogram histogram;
  histogram.record(7);
  histogram.clear();
  histogram.record(9);
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_EQ(histogram.min(), 9U);
  EXPECT_EQ(histogram.max(), 9U);
  EXPECT_EQ(histogram.at(0), 9U);
}

}  // namespace
}  // namespace bunshin
