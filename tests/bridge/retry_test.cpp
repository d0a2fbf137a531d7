#include "bridge/retry.h"

#include <gmock/gmock.h>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

class Trier : public EventHandler {
 public:
  Trier(Reactor& reactor, Backoff::Limits limits)
      : EventHandler(reactor), retry(*this, limits, &Trier::attempt) {}
  void attempt() { ++attempts; }
  Retry retry;
  int attempts = 0;
};

class RetryTest : public EngineCase {
 protected:
  /// Fails until the back-off has grown to its cap, which is hours.
  Trier& worn_out() {
    auto& trier = reactor.emplace<Trier>(Backoff::Limits{1ms, 24h, 1ms});
    for (int i = 0; i < 40; ++i) trier.retry.schedule();
    return trier;
  }
  bool tries_soon(Trier& trier) {
    trier.retry.schedule();
    const int before = trier.attempts;
    rounds_in(100ms);
    return trier.attempts > before;
  }
};
BUNSHIN_EVERY_ENGINE(RetryTest);

TEST_P(RetryTest, WhoWasThereForAMomentHasToWait) {
  Trier& trier = worn_out();
  trier.retry.succeeded();
  trier.retry.brought_something();
  EXPECT_FALSE(tries_soon(trier));
}

TEST_P(RetryTest, ASecondThatBroughtSomethingLetsItBeginAnew) {
  Trier& trier = worn_out();
  trier.retry.succeeded();
  rounds_in(1050ms);
  EXPECT_FALSE(tries_soon(trier)) << "it has brought nothing";
  trier.retry.succeeded();
  trier.retry.brought_something();
  rounds_in(1050ms);
  EXPECT_TRUE(tries_soon(trier));
}

TEST_P(RetryTest, SoonIsOnceAndNotLater) {
  Trier& trier = worn_out();
  trier.retry.schedule();
  const auto began = Clock::now();
  run_until([&] {
    trier.retry.try_soon(50ms);  // asked for all the time, it still comes
    return trier.attempts == 1 || Clock::now() - began > 5s;
  });
  EXPECT_EQ(trier.attempts, 1);
  EXPECT_GE(Clock::now() - began, 50ms);
  trier.retry.try_soon(0ms);
  rounds_in(20ms);
  EXPECT_EQ(trier.attempts, 1) << "nothing is tried, so nothing is sooner";
}

}  // namespace
}  // namespace bunshin::testing
