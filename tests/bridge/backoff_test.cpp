#include "bridge/backoff.h"

#include <algorithm>

namespace bunshin {
namespace {

using namespace std::chrono_literals;

constexpr Backoff::Limits kLimits{500ms, 30'000ms, 50ms};

TEST(Backoff, StaysBetweenFloorAndADoublingCeiling) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Backoff backoff(kLimits, seed);
    std::chrono::nanoseconds ceiling = 500ms;
    for (int i = 0; i < 100; ++i) {
      const auto delay = backoff.next();
      ASSERT_GE(delay, 50ms);
      ASSERT_LE(delay, ceiling);
      ceiling = std::min<std::chrono::nanoseconds>(ceiling * 2, 30s);
    }
  }
}

TEST(Backoff, ReachesTheCap) {
  Backoff backoff(kLimits, 1);
  std::chrono::nanoseconds longest{0};
  for (int i = 0; i < 500; ++i) longest = std::max(longest, backoff.next());
  EXPECT_GT(longest, 25s);
}

TEST(Backoff, ResetStartsFromTheBeginning) {
  Backoff backoff(kLimits, 3);
  for (int i = 0; i < 20; ++i) backoff.next();
  backoff.reset();
  EXPECT_LE(backoff.next(), 500ms);
}

TEST(Backoff, TheSeedDecides) {
  Backoff one(kLimits, 42);
  Backoff same(kLimits, 42);
  Backoff other(kLimits, 43);
  bool differs = false;
  for (int i = 0; i < 20; ++i) {
    const auto delay = one.next();
    EXPECT_EQ(delay, same.next());
    differs = differs || delay != other.next();
  }
  EXPECT_TRUE(differs);
}

TEST(Backoff, ACapOfCenturiesDoesNotOverflow) {
  Backoff backoff({1ms, std::chrono::hours(24 * 365 * 250), 1ms}, 5);
  for (int i = 0; i < 100; ++i) ASSERT_GE(backoff.next(), 1ms);
}

}  // namespace
}  // namespace bunshin
