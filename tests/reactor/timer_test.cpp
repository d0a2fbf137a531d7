// Timers that belong to a handler.

#include "reactor/timer.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

class TimedHandler : public TestHandler {
 public:
  using TestHandler::TestHandler;
  std::function<void()> on_time;
  bool reads = true;
  bool readable() override { return reads; }
  Timer timer{*this, &TimedHandler::time};

 private:
  void time() {
    const auto copy = on_time;
    copy();
  }
};

class TimerTest : public EngineCase {
 protected:
  TimedHandler& handler = reactor.emplace<TimedHandler>();
  int fired = 0;

  TimerTest() {
    handler.on_time = [this] { ++fired; };
  }
  Peer connect_handler() {
    Connection connection = make_connection(Family::ipv4);
    reactor.add(handler, std::move(connection.ours), Kind::inet_stream);
    return std::move(connection.peer);
  }
};
BUNSHIN_EVERY_ENGINE(TimerTest);

TEST_P(TimerTest, CallsItsOwnerOnce) {
  EXPECT_FALSE(handler.timer.armed());
  handler.timer.arm(1ms);
  EXPECT_TRUE(handler.timer.armed());
  run_until([&] { return fired > 0; });
  EXPECT_FALSE(handler.timer.armed());
  rounds_in(5ms);
  EXPECT_EQ(fired, 1);
}

TEST_P(TimerTest, ArmedAgainItForgetsTheFirstTime) {
  handler.timer.arm(0ns);
  handler.timer.arm(1h);
  rounds_in(5ms);
  EXPECT_EQ(fired, 0);
  handler.timer.arm(0ns);
  run_until([&] { return fired > 0; });
}

TEST_P(TimerTest, CancelledItIsSilentAndMayBeArmedAgain) {
  handler.timer.cancel();
  handler.timer.arm(0ns);
  handler.timer.cancel();
  EXPECT_FALSE(handler.timer.armed());
  rounds_in(5ms);
  EXPECT_EQ(fired, 0);
  handler.timer.arm(0ns);
  run_until([&] { return fired > 0; });
}

TEST_P(TimerTest, MayBeArmedInItsOwnCallback) {
  handler.on_time = [this] {
    EXPECT_FALSE(handler.timer.armed());
    if (++fired < 3) handler.timer.arm(0ns);
  };
  handler.timer.arm(0ns);
  run_until([&] { return fired == 3; });
  EXPECT_FALSE(handler.timer.armed());
}

TEST_P(TimerTest, GoesWithItsOwner) {
  bool destroyed = false;
  handler.on_destroy = [&] { destroyed = true; };
  handler.timer.arm(0ns);
  handler.close();
  reactor.run();  // returns: no timer is left
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(fired, 0) << "its owner was closed";
}

TEST_P(TimerTest, OfAHandlerInTheBackgroundItDoesNotKeepTheLoopGoing) {
  handler.unref();
  handler.timer.arm(1h);
  handler.timer.arm(2h);
  EXPECT_TRUE(reactor.over());
  const TimerId other = reactor.call_later(1h, [] {});
  EXPECT_FALSE(reactor.over());
  handler.timer.cancel();
  EXPECT_FALSE(reactor.over());
  reactor.cancel(other);
  handler.timer.arm(1ms);
  EXPECT_TRUE(run_until([&] { return fired == 1; }));
  EXPECT_TRUE(reactor.over());
  reactor.call_later(1h, [] {});
  EXPECT_FALSE(reactor.over());
}

TEST_P(TimerTest, ClosedByAnotherTimerOfTheSameMoment) {
  auto& other = reactor.emplace<TimedHandler>();
  other.on_time = [this] { handler.close(); };
  other.timer.arm(0ns);
  handler.timer.arm(0ns);
  rounds_in(5ms);
  EXPECT_EQ(fired, 0);
}

TEST_P(TimerTest, MayCloseItsOwner) {
  bool destroyed = false;
  handler.on_destroy = [&] { destroyed = true; };
  handler.on_time = [this] { handler.close(); };
  handler.timer.arm(0ns);
  run_until([&] { return destroyed; });
}

TEST_P(TimerTest, MayBeDestroyedInItsOwnCallback) {
  auto inner = std::make_unique<Timer>(handler, &EventHandler::disconnect);
  handler.on_time = [&] {
    inner.reset();
    ++fired;
  };
  inner = std::make_unique<Timer>(handler, &TimedHandler::handle_read);
  handler.on_read = [&] {
    inner.reset();
    ++fired;
  };
  inner->arm(0ns);
  run_until([&] { return fired > 0; });
}

TEST_P(TimerTest, AnExceptionReachesItsOwnerWhichIsClosed) {
  Peer peer = connect_handler();
  int errors = 0;
  handler.on_error = [&] {
    ++errors;
    EXPECT_THROW(throw, std::runtime_error);
  };
  handler.on_close = [this] { handler.close(); };
  handler.on_time = [] { throw std::runtime_error("in a timer"); };
  handler.timer.arm(0ns);
  reactor.run();
  EXPECT_EQ(errors, 1);
  EXPECT_EQ(receive_all(peer), "");
}

TEST_P(TimerTest, AnExceptionOfOneIsNoOtherHandlersBusiness) {
  auto& other = reactor.emplace<TimedHandler>();
  other.on_time = [] { throw std::runtime_error("in a timer"); };
  other.on_error = [] {};
  other.on_close = [&] { other.close(); };
  other.timer.arm(0ns);
  handler.timer.arm(0ns);
  run_until([&] { return fired == 1; });
  EXPECT_FALSE(handler.closed());
}

TEST_P(TimerTest, WhatItsCallbackChangesIsSeen) {
  Peer peer = connect_handler();
  handler.collect();
  handler.pause_reading();
  peer.send("x");
  settle();
  handler.on_time = [this] { handler.resume_reading(); };
  handler.timer.arm(0ns);
  run_until([this] { return handler.received == "x"; });
}

TEST_P(TimerTest, TheEndThatItsCallbackReadIsTold) {
  Peer peer = connect_handler();
  handler.reads = false;
  handler.expect_close();
  peer.close();
  settle();
  handler.on_time = [this] { EXPECT_EQ(reactor.recv(handler), ""); };
  handler.timer.arm(0ns);
  run_until([this] { return handler.closes == 1; });
}

using TimerDeathTest = TimerTest;
BUNSHIN_EVERY_ENGINE(TimerDeathTest);

TEST_P(TimerDeathTest, DestroyingTheOwnerInItIsToldAsInACallback) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto own = std::make_unique<TimedHandler>(reactor);
  own->on_time = [&] { own.reset(); };
  own->timer.arm(0ns);
  EXPECT_DEATH(run_rounds(2), "destroyed in its own callback");
  own->timer.cancel();
}

// --- Called in a handler's name ---

TEST_P(TimerTest, CallForGivesAnExceptionToTheHandler) {
  int errors = 0;
  handler.on_error = [&] { ++errors; };
  handler.on_close = [this] { handler.close(); };
  reactor.call_for(handler, [] { throw std::runtime_error("in its name"); });
  EXPECT_EQ(errors, 1);
  EXPECT_TRUE(handler.closed());
}

TEST_P(TimerTest, CallForWithinTheTurnOfAnotherOne) {
  Peer peer = connect_handler();
  auto& other = reactor.emplace<TimedHandler>();
  other.on_error = [] {};
  other.on_close = [&] { other.close(); };
  bool destroyed = false;
  other.on_destroy = [&] { destroyed = true; };
  handler.on_read = [&] {
    reactor.call_for(other, [] { throw std::runtime_error("in its name"); });
    handler.received += reactor.recv(handler);
  };
  peer.send("x");
  run_until([this] { return handler.received == "x"; });
  run_until([&] { return destroyed; });
  EXPECT_FALSE(handler.closed());
}

}  // namespace
}  // namespace bunshin::testing
