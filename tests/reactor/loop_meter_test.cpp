#include "reactor/loop_meter.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "reactor/host.h"
#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

/// Time passes when a handler works, and not otherwise.
class WorkClock : public Host {
 public:
  TimePoint now() noexcept override { return time; }
  TimePoint time{};
};

class Quick : public EventHandler {
 public:
  using EventHandler::EventHandler;
};
class Slow : public EventHandler {
 public:
  using EventHandler::EventHandler;
};

class LoopMeterTest : public ::testing::Test {
 protected:
  void call(const EventHandler& handler, Callback callback, Duration took) {
    meter.begins(handler, callback);
    clock.time += took;
    meter.ends(handler, callback);
  }
  Reactor reactor;
  WorkClock clock;
  LoopMeter meter{clock};
  Quick quick{reactor};
  Slow slow{reactor};
};

TEST_F(LoopMeterTest, NamesTheClassAndTheCallbackThatTookLongest) {
  call(quick, Callback::read, 1ms);
  call(slow, Callback::read, 5ms);
  call(slow, Callback::write, 40ms);
  call(slow, Callback::read, 2ms);
  const auto costs = meter.costs();
  ASSERT_EQ(costs.size(), 2U);
  const auto& its = costs.at("bunshin::testing::(anonymous namespace)::Slow");
  EXPECT_EQ(its.calls, 3U);
  EXPECT_EQ(its.total, 47ms);
  EXPECT_EQ(its.slowest, 40ms);
  EXPECT_EQ(its.callback, Callback::write);
}

TEST_F(LoopMeterTest, LagIsWhatWhoeverIsReadyMeanwhileWaits) {
  for (const Duration work : {10ms, 30ms, 20ms}) {
    meter.waited(1s, 1);
    call(slow, Callback::read, work);
    meter.round_ends();
  }
  EXPECT_EQ(meter.longest_lag(), 30ms);
  EXPECT_EQ(meter.mean_lag(), 20ms);
  meter.reset();
  EXPECT_EQ(meter.longest_lag(), 0ms);
  EXPECT_EQ(meter.mean_lag(), 0ms);
  EXPECT_TRUE(meter.costs().empty());
}

TEST_F(LoopMeterTest, CallbacksNestAndThrow) {
  meter.begins(slow, Callback::read);
  clock.time += 1ms;
  call(quick, Callback::close, 2ms);
  clock.time += 3ms;
  call(slow, Callback::error, 0ms);  // it threw
  const auto costs = meter.costs();
  const auto& its = costs.at("bunshin::testing::(anonymous namespace)::Slow");
  EXPECT_EQ(its.calls, 2U);
  EXPECT_EQ(its.slowest, 6ms);
  EXPECT_EQ(its.callback, Callback::read);
}

TEST(LoopMeterInALoop, CountsCallbacks) {
  Reactor reactor;
  LoopMeter meter(reactor.host());
  reactor.observe(&meter);
  Connection connection = make_connection(Family::ipv4);
  auto& handler = reactor.emplace<TestHandler>();
  reactor.add(handler, std::move(connection.ours), Kind::inet_stream);
  handler.collect();
  connection.peer.send("x");
  const auto end = Clock::now() + 5s;
  while (handler.received.empty() && Clock::now() < end) reactor.run_once(10ms);
  EXPECT_EQ(meter.costs().at("bunshin::testing::TestHandler").calls, handler.called);
  EXPECT_GT(meter.longest_lag(), Duration::zero());
  reactor.observe(nullptr);
}

}  // namespace
}  // namespace bunshin::testing
