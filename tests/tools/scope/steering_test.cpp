#include "tools/scope/steering.h"

#include <gmock/gmock.h>

#include "tests/tools/scope/scope_case.h"

namespace bunshin::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SteeringTest : public ScopeCase {
 protected:
  /// The class of whoever would be called next.
  static std::string held_by(const Viewer& viewer) {
    const auto held = viewer.named("held");
    if (held.empty() || held.back().at("handler").is_null()) return "nobody";
    for (const json& opened : viewer.named("opened")) {
      if (opened.at("handler") == held.back().at("handler")) return opened.at("class");
    }
    return "somebody unknown";
  }
};
BUNSHIN_EVERY_ENGINE(SteeringTest);

TEST_P(SteeringTest, PausedNoCallbackRunsAndAStepIsExactlyOne) {
  Viewer viewer = look_on();
  Peer one = connect();
  echo(one);
  ASSERT_EQ(post("/pause"), 204);
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.count("paused") == 1; }));
  EXPECT_EQ(viewer.named("paused")[0].at("by"), "me");
  one.send("a");
  ASSERT_TRUE(run_with(viewer, [&] { return held_by(viewer) == "EchoHandler"; }));
  EXPECT_EQ(viewer.named("held").back().at("callback"), "read");
  Peer two = connect();
  two.send("b");
  EXPECT_FALSE(one.readable());
  const std::size_t before = viewer.count("begins");
  ASSERT_EQ(post("/step"), 204);
  EXPECT_EQ(receive(one, 1), "a");
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.count("ends") > before; }));
  rounds_in(20ms);
  viewer.look();
  EXPECT_EQ(viewer.count("begins"), before + 1);
  EXPECT_FALSE(two.readable());
  ASSERT_EQ(post("/go_on"), 204);
  EXPECT_EQ(receive(two, 1), "b");
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.count("resumed") == 1; }));
  echo(one);
}

TEST_P(SteeringTest, WhatWaitsInTheKernelIsTold) {
  if (GetParam() == "io_uring") return;  // it has received it
  Viewer viewer = look_on();
  Peer one = connect();
  echo(one);
  post("/pause");
  one.send("seventeen bytes..");
  ASSERT_TRUE(run_with(viewer, [&] {
    const auto held = viewer.named("held");
    return !held.empty() && held.back().at("waiting") == 17;
  }));
}

TEST_P(SteeringTest, InSlowMotionCallbacksComeOneAtATime) {
  Viewer viewer = look_on();
  Peer one = connect();
  Peer two = connect();
  echo(one);
  echo(two);
  ASSERT_EQ(post("/slow?ms=50"), 204);
  one.send("a");
  two.send("b");
  EXPECT_EQ(receive(one, 1) + receive(two, 1), "ab");
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.named("steering").back().at("slow") == 50; }));
  ASSERT_EQ(post("/slow?ms=0"), 204);
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.named("steering").back().at("slow") == 0; }));
  EXPECT_FALSE(reactor.paused());
}

TEST_P(SteeringTest, TheModelOfNewConnectionsCanBeChosen) {
  Viewer viewer = look_on();
  ASSERT_EQ(post("/model?name=level"), 204);
  Peer one = connect();
  echo(one);
  ASSERT_TRUE(run_with(viewer, [&] {
    for (const json& event : viewer.named("opened")) {
      if (event.at("class") == "EchoHandler" && event.at("model") == "level") return true;
    }
    return false;
  }));
  EXPECT_EQ(viewer.named("steering").back().at("model"), "level");
}

TEST_P(SteeringTest, SaysWhatItCanNotDo) {
  EXPECT_EQ(post("/step"), 409);
  EXPECT_EQ(post("/slow"), 400);
  EXPECT_EQ(post("/slow?ms=-1"), 400);
  EXPECT_EQ(post("/slow?ms=60001"), 400);
  EXPECT_EQ(post("/slow?ms=1x"), 400);
  EXPECT_EQ(post("/model"), 400);
  EXPECT_EQ(post("/model?name=edge"), 400);
  options.set_model = nullptr;
  watch();
  EXPECT_EQ(post("/model?name=level"), 409);
  EXPECT_FALSE(reactor.paused());
}

TEST_P(SteeringTest, OfTwoViewersTheLastToActSteersAndBothAreToldWho) {
  Viewer one = look_on();
  Viewer two = look_on();
  ASSERT_EQ(post("/pause", "first"), 204);
  ASSERT_EQ(post("/go_on", "second"), 204);
  for (Viewer* viewer : {&one, &two}) {
    ASSERT_TRUE(run_with(*viewer, [viewer] {
      const auto last = viewer->named("steering").back();
      return last.at("viewer") == "second" && last.at("viewers") == 2;
    }));
    EXPECT_EQ(viewer->named("paused").back().at("by"), "first");
    EXPECT_EQ(viewer->named("resumed").back().at("by"), "second");
  }
}

TEST_P(SteeringTest, APauseEndsWhenNobodyLooksOnAnyMore) {
  options.patience = 30ms;
  watch();
  Viewer viewer = look_on();
  ASSERT_EQ(post("/pause"), 204);
  Peer one = connect();
  one.send("x");
  rounds_in(80ms);
  EXPECT_TRUE(reactor.paused());
  viewer.close();
  EXPECT_EQ(receive(one, 1), "x");
  EXPECT_FALSE(reactor.paused());
}

TEST_P(SteeringTest, AViewerThatComesBackInTimeFindsTheLoopPaused) {
  options.patience = 1h;
  watch();
  Viewer first = look_on();
  ASSERT_EQ(post("/pause"), 204);
  first.close();
  ASSERT_TRUE(run_until([this] { return scope->viewers() == 0; }));
  Viewer second = look_on();
  ASSERT_TRUE(run_with(second, [&] { return second.count("held") > 0; }));
  EXPECT_EQ(second.count("paused"), 1U);
}

TEST_P(SteeringTest, TheEndOfTheProgramEndsAPause) {
  Viewer viewer = look_on();
  Peer one = connect();
  echo(one);
  ASSERT_EQ(post("/pause"), 204);
  reactor.finish(1s);
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.count("resumed") == 1; }));
  EXPECT_EQ(viewer.named("resumed")[0].at("by"), nullptr);
}

TEST_P(SteeringTest, HoldsTheClockOfWhatIsPaused) {
  class Clocked : public TestHandler {
   public:
    using TestHandler::TestHandler;
    void tick() { ++ticks; }
    int ticks = 0;
    Timer timer{*this, &Clocked::tick};
  };
  auto& clocked = reactor.emplace<Clocked>();
  clocked.timer.arm(20ms);
  ASSERT_EQ(post("/pause"), 204);
  rounds_in(60ms);
  EXPECT_EQ(clocked.ticks, 0);
  const TimePoint then = reactor.handlers_now();
  rounds_in(10ms);
  EXPECT_EQ(reactor.handlers_now(), then);
  ASSERT_EQ(post("/go_on"), 204);
  EXPECT_TRUE(run_until([&] { return clocked.ticks == 1; }));
}

}  // namespace
}  // namespace bunshin::testing
