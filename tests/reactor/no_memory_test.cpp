// Memory runs out: each allocation of a scenario fails in turn. Nothing crashes, whoever was not
// concerned is served, and the next try works.

#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <vector>

#include "reactor/timer.h"
#include "tests/support/allocations.h"
#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

TEST(NoMemoryTest, TimersThatCouldNotBeAddedLeaveTheOthersAlone) {
  for (std::size_t after = 0, failures = 1; failures > 0; ++after) {
    TimerHeap timers;
    const TimePoint start{};
    std::vector<int> fired;
    fired.reserve(200);
    std::vector<TimerId> ids;
    ids.reserve(200);
    failures = 0;
    {
      const FailAllocation failure(after);
      for (int number = 0; number < 100; ++number) {
        try {
          ids.push_back(timers.add(start + std::chrono::milliseconds(number % 7), 0ns,
                                   [&fired, number] { fired.push_back(number); }));
        } catch (const std::bad_alloc&) {
          ++failures;
        }
      }
    }
    EXPECT_EQ(timers.size(), ids.size());
    for (std::size_t index = 0; index < ids.size(); index += 3)
      EXPECT_TRUE(timers.cancel(ids[index]));
    for (std::size_t index = 1; index < ids.size(); index += 3) {
      EXPECT_TRUE(timers.rearm(ids[index], start + 1ms));
    }
    const std::size_t left = timers.size();
    timers.run_due(start + 1s);
    EXPECT_EQ(fired.size(), left);
    EXPECT_TRUE(timers.empty());
  }
}

TEST(NoMemoryTest, OnlyAddingATimerNeedsMemory) {
  TimerHeap timers;
  std::vector<TimerId> ids;
  int fired = 0;
  for (int number = 0; number < 100; ++number) {
    ids.push_back(timers.add(TimePoint(1ms * number), 0ns, [&fired] { ++fired; }));
  }
  const auto before = allocations();
  for (const TimerId id : ids) timers.rearm(id, TimePoint(1s));
  for (std::size_t index = 0; index < 50; ++index) timers.cancel(ids[index]);
  timers.run_due(TimePoint(1s));
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(fired, 50);
}

/// Answers what it reads, and has a timer.
class Witness : public EventHandler {
 public:
  using EventHandler::EventHandler;
  Timer timer{*this, &Witness::time};
  int times = 0;
  void handle_read() override { reactor().send(*this, reactor().recv(*this)); }

 private:
  void time() { ++times; }
};

class NoMemoryEngineTest : public EngineCase {
 protected:
  Connection first = make_connection(Family::ipv4);
  Witness& witness = reactor.emplace<Witness>();

  NoMemoryEngineTest() { reactor.add(witness, std::move(first.ours), Kind::inet_stream); }

  /// What anybody does with a reactor. Each step may fail, the others are done all the same.
  void do_everything(Connection& connection) {
    const auto tried = [](auto&& function) {
      try {
        function();
      } catch (const std::bad_alloc&) {  // told: that is all that is asked for
      }
    };
    tried([&] {
      auto& handler = reactor.emplace<Witness>();
      tried([&] { handler.timer.arm(0ns); });
      tried([&] { reactor.add(handler, std::move(connection.ours), Kind::inet_stream); });
    });
    tried([&] { reactor.call_later(0ns, [] {}); });
    tried([&] { reactor.post([] {}); });
    for (int round = 0; round < 5; ++round) tried([&] { reactor.run_once(0ns); });
    reactor.for_each([this](EventHandler& handler) {
      if (&handler != &witness) handler.close();
    });
    tried([&] { reactor.run_once(0ns); });
  }
  void expect_witness_served() {
    const int times = witness.times;
    witness.timer.arm(0ns);
    first.peer.send("ping");
    EXPECT_EQ(receive(first.peer, 4), "ping");
    run_until([&] { return witness.times == times + 1; });
  }
};
BUNSHIN_EVERY_ENGINE(NoMemoryEngineTest);

TEST_P(NoMemoryEngineTest, EachAllocationFailsInTurn) {
  bool failed = true;
  for (std::size_t after = 0; failed; ++after) {
    ASSERT_LT(after, 1000U);
    Connection connection = make_connection(Family::ipv4);
    connection.peer.send("hello");
    {
      const FailAllocation failure(after);
      do_everything(connection);
      failed = failure.failed();
    }
    expect_witness_served();
  }
}

TEST_P(NoMemoryEngineTest, ClosingNeedsNone) {
  std::vector<Connection> connections;
  for (int number = 0; number < 20; ++number) {
    connections.push_back(make_connection(Family::ipv4));
    reactor.add(reactor.emplace<Witness>(), std::move(connections.back().ours), Kind::inet_stream);
    connections.back().peer.send("x");
  }
  settle();
  const FailAllocation failure(0);
  reactor.for_each([this](EventHandler& handler) {
    if (&handler != &witness) handler.close();
  });
  reactor.run_once(0ns);
  EXPECT_FALSE(failure.failed());
}

}  // namespace
}  // namespace bunshin::testing
