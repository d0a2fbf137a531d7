#include "reactor/timers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/allocations.h"

namespace bunshin::testing {
namespace {

using namespace std::chrono_literals;

class TimersTest : public ::testing::Test {
 protected:
  TimerHeap timers;
  const TimePoint start = TimePoint(1000h);
  std::string fired;

  TimerId once(Duration delay, char name) {
    return timers.add(start + delay, 0ns, [this, name] { fired += name; });
  }
};

TEST_F(TimersTest, NoneAtAll) {
  EXPECT_TRUE(timers.empty());
  EXPECT_EQ(timers.next(), std::nullopt);
  timers.run_due(start + 1h);
  EXPECT_FALSE(timers.cancel(TimerId()));
  EXPECT_FALSE(timers.rearm(TimerId(), start));
  EXPECT_FALSE(TimerId());
}

TEST_F(TimersTest, TheOnlyOneIsOneShot) {
  const TimerId id = once(1ms, 'a');
  EXPECT_TRUE(id);
  timers.run_due(start);
  EXPECT_EQ(fired, "");
  EXPECT_EQ(timers.next(), start + 1ms);
  timers.run_due(start + 1ms);
  EXPECT_EQ(fired, "a");
  EXPECT_TRUE(timers.empty());
  EXPECT_EQ(timers.next(), std::nullopt);
  timers.run_due(start + 1h);
  EXPECT_EQ(fired, "a");
  EXPECT_FALSE(timers.cancel(id));
}

TEST_F(TimersTest, FireInTheOrderOfTheirDeadlinesThenOfArming) {
  once(3ms, 'd');
  once(1ms, 'a');
  once(2ms, 'b');
  once(2ms, 'c');
  timers.run_due(start + 10ms);
  EXPECT_EQ(fired, "abcd");
}

TEST_F(TimersTest, ManyEqualDeadlinesKeepTheirOrder) {
  std::vector<int> order;
  for (int number = 0; number < 1000; ++number) {
    timers.add(start, 0ns, [&order, number] { order.push_back(number); });
  }
  timers.run_due(start);
  EXPECT_EQ(order.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(TimersTest, CancelledDoesNotFire) {
  const TimerId a = once(1ms, 'a');
  once(2ms, 'b');
  EXPECT_TRUE(timers.cancel(a));
  EXPECT_FALSE(timers.cancel(a));
  timers.run_due(start + 5ms);
  EXPECT_EQ(fired, "b");
}

TEST_F(TimersTest, AStaleNameDoesNotReachItsSuccessor) {
  const TimerId old = once(1ms, 'a');
  timers.cancel(old);
  const TimerId fresh = once(1ms, 'b');
  ASSERT_EQ(old.slot, fresh.slot) << "the case needs the slot to be used again";
  EXPECT_FALSE(timers.cancel(old));
  EXPECT_FALSE(timers.rearm(old, start + 1h));
  timers.run_due(start + 1ms);
  EXPECT_EQ(fired, "b");
}

TEST_F(TimersTest, OneThatArmsItselfWaitsForTheNextCall) {
  std::function<void()> again = [&] {
    fired += 'x';
    timers.add(start, 0ns, again);
  };
  timers.add(start, 0ns, again);
  timers.run_due(start + 1s);
  EXPECT_EQ(fired, "x") << "due already, but armed meanwhile";
  timers.run_due(start + 1s);
  EXPECT_EQ(fired, "xx");
  EXPECT_EQ(timers.size(), 1U);
}

TEST_F(TimersTest, OneThatReArmsItselfLivesOn) {
  TimerId id;
  id = timers.add(start, 0ns, [&] {
    fired += 'x';
    EXPECT_TRUE(timers.rearm(id, start + 1ms));
  });
  timers.run_due(start);
  EXPECT_EQ(timers.size(), 1U);
  timers.run_due(start + 1ms);
  EXPECT_EQ(fired, "xx");
  EXPECT_TRUE(timers.cancel(id));
}

TEST_F(TimersTest, OneThatCancelsItself) {
  TimerId id;
  id = timers.add(start, 1ms, [&] {
    fired += 'x';
    EXPECT_TRUE(timers.cancel(id));
    EXPECT_FALSE(timers.cancel(id));
  });
  timers.run_due(start);
  timers.run_due(start + 1s);
  EXPECT_EQ(fired, "x");
  EXPECT_TRUE(timers.empty());
}

TEST_F(TimersTest, OneThatCancelsAnotherThatIsDueToo) {
  TimerId second;
  timers.add(start, 0ns, [&] { EXPECT_TRUE(timers.cancel(second)); });
  second = once(0ms, 'b');
  once(0ms, 'c');
  timers.run_due(start);
  EXPECT_EQ(fired, "c");
  EXPECT_TRUE(timers.empty());
}

TEST_F(TimersTest, OneThatPostponesAnotherThatIsDueToo) {
  TimerId second;
  timers.add(start, 0ns, [&] { EXPECT_TRUE(timers.rearm(second, start + 5ms)); });
  second = once(0ms, 'b');
  timers.run_due(start);
  EXPECT_EQ(fired, "");
  EXPECT_EQ(timers.next(), start + 5ms);
  timers.run_due(start + 5ms);
  EXPECT_EQ(fired, "b");
}

TEST_F(TimersTest, RepeatsUntilCancelled) {
  const TimerId id = timers.add(start + 10ms, 10ms, [this] { fired += 'x'; });
  for (int step = 1; step <= 5; ++step) timers.run_due(start + step * 10ms);
  EXPECT_EQ(fired, "xxxxx");
  EXPECT_TRUE(timers.cancel(id));
  EXPECT_TRUE(timers.empty());
}

TEST_F(TimersTest, WhatWasMissedIsNotMadeUpFor) {
  timers.add(start, 10ms, [this] { fired += 'x'; });
  timers.run_due(start + 1h);
  EXPECT_EQ(fired, "x");
  EXPECT_EQ(timers.next(), start + 1h + 10ms);
}

TEST_F(TimersTest, MovedLater) {
  const TimerId a = once(1ms, 'a');
  once(2ms, 'b');
  EXPECT_TRUE(timers.rearm(a, start + 3ms));
  EXPECT_EQ(timers.next(), start + 2ms);
  timers.run_due(start + 2ms);
  EXPECT_EQ(fired, "b");
  timers.run_due(start + 3ms);
  EXPECT_EQ(fired, "ba");
}

TEST_F(TimersTest, MovedEarlier) {
  once(2ms, 'b');
  const TimerId c = once(3ms, 'c');
  EXPECT_TRUE(timers.rearm(c, start + 1ms));
  EXPECT_EQ(timers.next(), start + 1ms);
  timers.run_due(start + 1ms);
  EXPECT_EQ(fired, "c");
}

TEST_F(TimersTest, MovedLaterThenEarlierAgain) {
  const TimerId a = once(10ms, 'a');
  timers.rearm(a, start + 1h);
  timers.rearm(a, start + 20ms);
  timers.run_due(start + 19ms);
  EXPECT_EQ(fired, "");
  timers.rearm(a, start + 5ms);
  timers.run_due(start + 19ms);
  EXPECT_EQ(fired, "a");
}

TEST_F(TimersTest, CenturiesAhead) {
  const auto far = start + 24h * 365 * 100;
  const TimerId id = timers.add(far, 0ns, [this] { fired += 'f'; });
  once(1ms, 'a');
  timers.run_due(start + 1h);
  EXPECT_EQ(fired, "a");
  EXPECT_EQ(timers.next(), far);
  EXPECT_TRUE(timers.cancel(id));
}

TEST_F(TimersTest, AnExceptionLeavesTheOthersDue) {
  once(0ms, 'a');
  timers.add(start, 0ns, [] { throw std::runtime_error("oops"); });
  once(0ms, 'c');
  EXPECT_THROW(timers.run_due(start), std::runtime_error);
  EXPECT_EQ(fired, "a");
  EXPECT_EQ(timers.size(), 1U);
  timers.run_due(start);
  EXPECT_EQ(fired, "ac");
  EXPECT_TRUE(timers.empty());
}

TEST_F(TimersTest, ARepeatingOneThatThrewGoesOn) {
  int count = 0;
  timers.add(start, 1ms, [&] {
    if (++count == 1) throw std::runtime_error("oops");
  });
  EXPECT_THROW(timers.run_due(start), std::runtime_error);
  timers.run_due(start + 1ms);
  EXPECT_EQ(count, 2);
}

TEST_F(TimersTest, ACallbackIsDestroyedWithItsTimer) {
  const auto token = std::make_shared<int>(0);
  const TimerId id = timers.add(start, 0ns, [token] {});
  timers.cancel(id);
  EXPECT_EQ(token.use_count(), 1);
  timers.add(start, 0ns, [token] {});
  timers.run_due(start);
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(TimersTest, ManyRandomOnesAgreeWithASlowListThatCanNotBeWrong) {
  struct Expected {
    TimerId id;
    TimePoint deadline;
  };
  std::vector<Expected> model;
  std::vector<TimePoint> due;
  std::uint32_t random = 1;
  const auto next_random = [&random](std::uint32_t below) {
    random = random * 1664525 + 1013904223;
    return (random >> 8) % below;
  };
  TimePoint now = start;
  for (int step = 0; step < 20000; ++step) {
    const TimePoint deadline = now + std::chrono::microseconds(1 + next_random(5000));
    const std::uint32_t action = next_random(10);
    if (action < 5 || model.empty()) {
      model.push_back(
          {timers.add(deadline, 0ns, [&due, deadline] { due.push_back(deadline); }), deadline});
    } else if (action < 7) {
      const auto index = next_random(static_cast<std::uint32_t>(model.size()));
      ASSERT_TRUE(timers.cancel(model[index].id));
      model.erase(model.begin() + index);
    } else {
      now += std::chrono::microseconds(next_random(200));
      timers.run_due(now);
      ASSERT_TRUE(std::is_sorted(due.begin(), due.end()));
      const auto expected = std::erase_if(model, [&](auto& one) { return one.deadline <= now; });
      ASSERT_EQ(due.size(), expected);
      due.clear();
    }
    ASSERT_EQ(timers.size(), model.size());
  }
}

/// The idle time-outs of a busy server. Work is counted, not timed: entries moved in the heap, and
/// allocations.
TEST_F(TimersTest, AMillionHalfCancelledMostReArmed) {
  constexpr std::uint32_t kCount = 1000000;
  std::vector<TimerId> ids;
  ids.reserve(kCount);
  std::uint32_t fires = 0;
  for (std::uint32_t number = 0; number < kCount; ++number) {
    ids.push_back(timers.add(start + 10s + std::chrono::nanoseconds(number * 7919 % kCount), 0ns,
                             [&fires] { ++fires; }));
  }
  const std::size_t allocated = allocations();
  const auto before = timers.moves();
  bool all = true;
  for (int message = 0; message < 3; ++message) {
    for (const TimerId id : ids) all &= timers.rearm(id, start + 22s + message * 1s);
  }
  EXPECT_EQ(timers.moves(), before) << "moving a timer later must not touch the heap";
  EXPECT_EQ(allocations(), allocated);
  for (std::uint32_t number = 0; number < kCount; number += 2) all &= timers.cancel(ids[number]);
  EXPECT_TRUE(all);
  // A 4-ary heap of a million is ten levels deep, and most cancelled ones lie near its bottom.
  EXPECT_LT(timers.moves() - before, std::uint64_t{kCount} / 2 * 11);
  EXPECT_LT(allocations(), allocated + 40) << "only the list of free slots grows";
  EXPECT_EQ(timers.size(), kCount / 2);
  timers.run_due(start + 23s);
  EXPECT_EQ(fires, 0U);
  timers.run_due(start + 24s);
  EXPECT_EQ(fires, kCount / 2);
  EXPECT_TRUE(timers.empty());
}

}  // namespace
}  // namespace bunshin::testing
