// ReactorOptions::spin: polling before sleeping, as long as waits are short.

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

/// Far longer than what is waited for, so that a busy machine changes nothing.
constexpr auto kSpin = 200ms;

class SpinTest : public SettingCase {
 protected:
  SpinTest()
      : SettingCase([] {
          ReactorOptions options;
          options.spin = kSpin;
          return options;
        }()) {}
};
BUNSHIN_EVERY_SETTING(SpinTest);

TEST_P(SpinTest, ShortWaitsAreSpentPolling) {
  auto [handler, peer] = connected();
  handler.collect();
  run_rounds(3);
  const ReactorStats before = reactor.stats();
  for (std::size_t number = 1; number <= 20; ++number) {
    peer.send("x");
    reactor.run_once(5s);
    while (handler.received.size() < number) reactor.run_once(5s);
  }
  const ReactorStats& stats = reactor.stats();
  EXPECT_GE(stats.spins - before.spins, 20U);
  EXPECT_GE(stats.spin_hits - before.spin_hits, 20U) << "it slept";
  EXPECT_GT(stats.spun, before.spun);
}

TEST_P(SpinTest, APostEndsIt) {
  run_rounds(3);
  const auto hits = reactor.stats().spin_hits;
  bool ran = false;
  reactor.post([&] { ran = true; });
  reactor.run_once(5s);
  EXPECT_TRUE(ran);
  EXPECT_EQ(reactor.stats().spin_hits, hits + 1);
}

TEST_P(SpinTest, ATimerIsOnTime) {
  TimePoint fired;
  const auto start = Clock::now();
  reactor.call_later(20ms, [&] {
    fired = Clock::now();
    reactor.stop();
  });
  reactor.run();
  EXPECT_GE(fired - start, 20ms);
  EXPECT_LT(fired - start, kSpin) << "it polled on";
}

TEST_P(SpinTest, RoundsThatDoNotWaitDoNotSpin) {
  run_rounds(10);
  EXPECT_EQ(reactor.stats().spins, 0U);
}

/// Spinning for a moment only, and waits that are much longer.
class LongWaitTest : public SettingCase {
 protected:
  LongWaitTest()
      : SettingCase([] {
          ReactorOptions options;
          options.spin = 1ms;
          return options;
        }()) {}
  std::uint64_t spins_in(int waits) {
    const auto before = reactor.stats().spins;
    for (int number = 0; number < waits; ++number) reactor.run_once(20ms);
    return reactor.stats().spins - before;
  }
};
BUNSHIN_EVERY_SETTING(LongWaitTest);

TEST_P(LongWaitTest, CeasesWhenWaitsAreLong) {
  run_rounds(3);
  EXPECT_GT(spins_in(10), 0U) << "it has to find out first";
  EXPECT_EQ(spins_in(5), 0U);
  EXPECT_EQ(reactor.stats().spin_hits, 0U);
}

TEST_P(LongWaitTest, BeginsAgainWhenTheyAreShort) {
  auto [handler, peer] = connected();
  handler.collect();
  run_rounds(3);
  int waits = 0;
  while (spins_in(1) != 0) ASSERT_LT(++waits, 50) << "it does not cease";
  const auto before = reactor.stats().spins;
  std::size_t sent = 0;
  run_until([&, &peer = peer] {
    peer.send(std::string(1, 'x'));  // something is there whenever it waits
    ++sent;
    return reactor.stats().spins > before;
  });
  EXPECT_GT(sent, 1U) << "one short wait is not enough";
  run_until([&, &handler = handler] { return handler.received.size() == sent; });
}

TEST(SpinOffTest, NothingSpinsByDefault) {
  for (const std::string& engine : engines()) {
    ReactorOptions options;
    options.engine = engine;
    Reactor reactor(options);
    for (int number = 0; number < 5; ++number) reactor.run_once(1ms);
    EXPECT_EQ(reactor.stats().spins, 0U);
    EXPECT_EQ(reactor.stats().spun, Duration::zero());
  }
}

}  // namespace
}  // namespace bunshin::testing
