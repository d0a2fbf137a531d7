// The loop itself: who lives how long, when it ends. What it does with errors is in
// reactor_errors_test.cpp.

#include "reactor/reactor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;

class ReactorTest : public EngineCase {
 protected:
  /// Stops a run() that would otherwise hang the test.
  void limit_run() {
    reactor.call_later(5s, [this] {
      ADD_FAILURE() << "run() did not return";
      reactor.stop();
    });
  }
  std::pair<TestHandler&, Peer> connected() {
    Connection connection = make_connection(Family::ipv4);
    return {add(std::move(connection.ours), Kind::inet_stream), std::move(connection.peer)};
  }
};
BUNSHIN_EVERY_ENGINE(ReactorTest);

// --- Running ---

TEST_P(ReactorTest, ReturnsAtOnceWhenThereIsNothingToWaitFor) { reactor.run(); }

TEST_P(ReactorTest, RunsUntilTheLastHandlerHasClosed) {
  auto [handler, peer] = connected();
  bool destroyed = false;
  handler.on_close = [&handler = handler] { handler.close(); };
  handler.on_destroy = [&] { destroyed = true; };
  handler.collect();
  peer.close();
  reactor.run();
  EXPECT_TRUE(destroyed);
}

TEST_P(ReactorTest, ATimerAloneKeepsItRunningAndItIsTheOnlyOneAndOneShot) {
  bool fired = false;
  reactor.call_later(5ms, [&] { fired = true; });
  reactor.run();
  EXPECT_TRUE(fired);
}

TEST_P(ReactorTest, StopEndsTheRunAfterTheRound) {
  limit_run();
  std::string order;
  reactor.call_later(0ns, [&] {
    reactor.stop();
    order += 'a';
  });
  reactor.call_later(0ns, [&] { order += 'b'; });
  reactor.run();
  EXPECT_EQ(order, "ab") << "the rest of the round is still done";
}

TEST_P(ReactorTest, StoppedBeforeItRunsItReturnsAtOnceAndCanRunAgain) {
  bool fired = false;
  reactor.call_later(0ns, [&] { fired = true; });
  reactor.stop();
  reactor.run();
  EXPECT_FALSE(fired);
  reactor.run();
  EXPECT_TRUE(fired);
}

TEST_P(ReactorTest, StopFromAnotherThread) {
  limit_run();
  std::thread other([this] { reactor.stop(); });
  const auto before = Clock::now();
  reactor.run();
  other.join();
  EXPECT_LT(Clock::now() - before, 4s) << "only the limit ended it";
}

TEST_P(ReactorTest, RunOnceIsNotForCallbacks) {
  bool refused = false;
  reactor.call_later(0ns, [&] {
    try {
      reactor.run_once();
    } catch (const std::logic_error&) {
      refused = true;
    }
  });
  reactor.run();
  EXPECT_TRUE(refused);
}

TEST_P(ReactorTest, RunOnceWaitsNoLongerThanItsLimit) {
  const auto [handler, peer] = connected();
  const auto before = Clock::now();
  reactor.run_once(3ms);
  EXPECT_LT(Clock::now() - before, 2s);
}

TEST_P(ReactorTest, ARoundHasTheOrderThatItsHeaderDraws) {
  std::string order;
  auto [handler, peer] = connected();
  handler.on_destroy = [&] { order += " destroyed"; };
  handler.on_read = [&, &handler = handler] {
    order += " event";
    handler.close();
  };
  settle();
  peer.send("x");
  reactor.post([&] { order += " post"; });
  reactor.call_later(0ns, [&] { order += " timer"; });
  const auto end = Clock::now() + 5s;
  while (order.find("destroyed") == order.npos && Clock::now() < end) reactor.run_once(5ms);
  EXPECT_EQ(order, " post event timer destroyed");
}

// --- Ownership ---

TEST_P(ReactorTest, AClosedHandlerLivesUntilTheEndOfTheRound) {
  bool destroyed = false;
  bool was_alive = false;
  auto& handler = reactor.emplace<TestHandler>();
  handler.on_destroy = [&] { destroyed = true; };
  reactor.call_later(0ns, [&] {
    handler.close();
    EXPECT_TRUE(handler.closed());
    was_alive = !destroyed;
  });
  reactor.run();
  EXPECT_TRUE(was_alive);
  EXPECT_TRUE(destroyed);
}

TEST_P(ReactorTest, ClosedBetweenRoundsItGoesWithTheNext) {
  bool destroyed = false;
  auto& handler = reactor.emplace<TestHandler>();
  handler.on_destroy = [&] { destroyed = true; };
  handler.close();
  handler.close();
  EXPECT_FALSE(destroyed);
  reactor.run_once();  // does not wait for ever either
  EXPECT_TRUE(destroyed);
}

TEST_P(ReactorTest, DestroysTheHandlersItStillOwns) {
  int destroyed = 0;
  {
    Reactor other({.engine = GetParam()});
    TestHandler* last = nullptr;
    for (int number = 0; number < 3; ++number) {
      auto& handler = other.emplace<TestHandler>();
      // One that closes another while everything goes down.
      handler.on_destroy = [&destroyed, before = last] {
        ++destroyed;
        if (before != nullptr) before->close();
      };
      last = &handler;
    }
  }
  EXPECT_EQ(destroyed, 3);
}

TEST_P(ReactorTest, AHandlerIsAdoptedOnceAndByItsOwnReactor) {
  Reactor other({.engine = GetParam()});
  EXPECT_THROW(other.adopt(std::make_unique<TestHandler>(reactor)), std::logic_error);
}

TEST_P(ReactorTest, AHandlerHasOneDescriptorAtATime) {
  auto [handler, peer] = connected();
  Connection second = make_connection(Family::ipv4);
  EXPECT_THROW(reactor.add(handler, std::move(second.ours), Kind::inet_stream), std::logic_error);
  EXPECT_EQ(second.peer.receive_all(), "") << "the refused descriptor is closed";
  handler.close();
  Connection third = make_connection(Family::ipv4);
  EXPECT_THROW(reactor.add(handler, std::move(third.ours), Kind::inet_stream), std::logic_error);
}

TEST_P(ReactorTest, AnInvalidDescriptorIsAnError) {
  auto& handler = reactor.emplace<TestHandler>();
  EXPECT_THROW(reactor.add(handler, UniqueFd(), Kind::inet_stream), std::system_error);
  EXPECT_THROW(reactor.add(handler, UniqueFd(), Kind::file), std::system_error);
  EXPECT_EQ(handler.called, 0U);
}

TEST_P(ReactorTest, ForEachVisitsThoseWhoAreNotClosed) {
  auto& first = reactor.emplace<TestHandler>();
  auto& second = reactor.emplace<TestHandler>();
  first.close();
  std::vector<EventHandler*> seen;
  reactor.for_each([&](EventHandler& handler) { seen.push_back(&handler); });
  EXPECT_EQ(seen, std::vector<EventHandler*>{&second});
}

TEST_P(ReactorTest, TenThousandHandlersAddedAndClosedInRandomOrder) {
  int alive = 0;
  std::vector<TestHandler*> handlers;
  std::uint32_t random = 7;
  for (int step = 0; step < 10000; ++step) {
    random = random * 1664525 + 1013904223;
    if (handlers.empty() || (random >> 16) % 3 != 0) {
      auto& handler = reactor.emplace<TestHandler>();
      handler.on_destroy = [&alive] { --alive; };
      ++alive;
      handlers.push_back(&handler);
    } else {
      const std::size_t index = (random >> 8) % handlers.size();
      handlers[index]->close();
      handlers.erase(handlers.begin() + static_cast<std::ptrdiff_t>(index));
      reactor.run_once(0ns);
    }
    ASSERT_EQ(alive, static_cast<int>(handlers.size()));
  }
  for (TestHandler* handler : handlers) handler->close();
  reactor.run_once(0ns);
  EXPECT_EQ(alive, 0);
}

// --- Time ---

TEST_P(ReactorTest, TimersAreNeverEarlyAndComeInOrder) {
  std::string order;
  const auto start = Clock::now();
  const auto mark = [&](char name, Duration delay) {
    reactor.call_later(delay, [&order, name, start, delay] {
      order += name;
      EXPECT_GE(Clock::now() - start, delay);
    });
  };
  mark('c', 3ms);
  mark('a', 300us);
  mark('b', 2500us);
  reactor.run();
  EXPECT_EQ(order, "abc");
}

TEST_P(ReactorTest, NegativeDelaysAreZeroAndCenturiesAreCut) {
  bool fired = false;
  reactor.call_later(-1h, [&] { fired = true; });
  const TimerId far = reactor.call_later(Duration::max(), [] { FAIL(); });
  run_until([&] { return fired; });
  rounds_in(5ms);
  EXPECT_TRUE(reactor.rearm(far, Duration::max()));
  EXPECT_TRUE(reactor.cancel(far));
  EXPECT_THROW(reactor.call_every(0ns, [] {}), std::logic_error);
}

TEST_P(ReactorTest, RepeatsUntilCancelledInItsOwnCallback) {
  int ticks = 0;
  TimerId id;
  id = reactor.call_every(1ms, [&] {
    if (++ticks == 3) reactor.cancel(id);
  });
  reactor.run();
  EXPECT_EQ(ticks, 3);
}

TEST_P(ReactorTest, ASubMillisecondTimerDoesNotSpin) {
  // 200 waits of half a millisecond: a loop that rounded down would make thousands of rounds.
  int ticks = 0;
  reactor.call_every(500us, [&] { ++ticks; });
  const auto before = reactor.stats().rounds;
  run_until([&] { return ticks >= 200; });
  EXPECT_LT(reactor.stats().rounds - before, 1000U);
}

// --- Other threads ---

TEST_P(ReactorTest, PostsFromManyThreadsAllRunInTheReactorsThread) {
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  int ran = 0;  // not atomic on purpose: only the reactor's thread touches it
  const auto own = std::this_thread::get_id();
  reactor.emplace<TestHandler>();
  limit_run();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int number = 0; number < kEach; ++number) {
        EXPECT_TRUE(reactor.post([&] {
          EXPECT_EQ(std::this_thread::get_id(), own);
          if (++ran == kThreads * kEach) reactor.stop();
        }));
      }
    });
  }
  reactor.run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ran, kThreads * kEach);
}

TEST_P(ReactorTest, APostWakesALoopThatSleeps) {
  reactor.emplace<TestHandler>();
  limit_run();
  std::thread other([this] {
    std::this_thread::sleep_for(20ms);  // most probably asleep by then; correct either way
    reactor.post([this] { reactor.stop(); });
  });
  const auto before = Clock::now();
  reactor.run();
  other.join();
  EXPECT_LT(Clock::now() - before, 4s) << "only the limit ended it";
}

TEST_P(ReactorTest, TheQueueMayOutliveTheReactor) {
  std::shared_ptr<PostQueue> posts;
  {
    Reactor other({.engine = GetParam()});
    posts = other.posts();
    EXPECT_TRUE(posts->post([] { FAIL() << "ran without a reactor"; }));
  }
  EXPECT_FALSE(posts->post([] {}));
}

// --- Finishing ---

TEST_P(ReactorTest, FinishReturnsFromRunWhenTheLastHasClosed) {
  auto [handler, peer] = connected();
  auto& quick = reactor.emplace<TestHandler>();
  quick.on_finish = [&] { quick.close(); };
  handler.on_finish = [&, &handler = handler] {
    reactor.call_later(5ms, [&handler] { handler.close(); });
  };
  reactor.call_every(1ms, [] {});  // a timer is no reason to go on
  reactor.call_later(0ns, [&] {
    reactor.finish(5s);
    reactor.finish(5s);  // again is harmless
  });
  const auto before = Clock::now();
  reactor.run();
  EXPECT_LT(Clock::now() - before, 4s);
  EXPECT_TRUE(log.lines().empty());
}

TEST_P(ReactorTest, FinishWaitsOnlySoLongAndNamesTheLate) {
  auto [handler, peer] = connected();
  handler.on_finish = [] {};
  reactor.call_later(0ns, [&] { reactor.finish(10ms); });
  reactor.run();
  EXPECT_EQ(log.count("1 bunshin::testing::TestHandler did not finish"), 1U);
  // And it can run again.
  handler.collect();
  peer.send("x");
  reactor.call_later(5s, [&] { reactor.stop(); });
  handler.on_read = [&, &handler = handler] {
    handler.received += reactor.recv(handler, 10);
    reactor.stop();
  };
  reactor.run();
  EXPECT_EQ(handler.received, "x");
}

TEST_P(ReactorTest, FinishWithoutHandlersStops) {
  reactor.call_every(1ms, [&] { reactor.finish(5s); });
  reactor.run();
}

TEST_P(ReactorTest, AnExceptionInHandleFinishClosesThatHandler) {
  auto [handler, peer] = connected();
  handler.on_finish = [] { throw std::runtime_error("can not finish"); };
  handler.on_error = [] {};
  handler.on_close = [&handler = handler] { handler.close(); };
  reactor.call_later(0ns, [&] { reactor.finish(5s); });
  reactor.run();
}

}  // namespace
}  // namespace bunshin::testing
