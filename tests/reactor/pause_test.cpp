#include <gmock/gmock.h>

#include <stdexcept>
#include <string>

#include "reactor/observer.h"
#include "reactor/timer.h"
#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

class PauseTest : public SettingCase {
 protected:
  PauseTest() { reactor.observe(&observer); }
  ~PauseTest() override { reactor.observe(nullptr); }
  Observer observer;
};
BUNSHIN_EVERY_SETTING(PauseTest);

constexpr Model kModels[] = {Model::remembered, Model::drain, Model::level};

TEST_P(PauseTest, NobodyIsCalledAndNothingIsForgotten) {
  for (const Model model : kModels) {
    auto [handler, peer] = connected(model);
    handler.collect();
    settle();
    reactor.pause();
    peer.send("hello");
    EXPECT_LT(rounds_in(), kFewRounds) << "it spins";
    EXPECT_EQ(handler.called, 0U);
    EXPECT_EQ(reactor.next_held(), &handler);
    reactor.go_on();
    EXPECT_EQ(reactor.next_held(), nullptr);
    run_until([its = &handler] { return its->received == "hello"; });
    handler.close();
  }
}

TEST_P(PauseTest, OneCallbackAStep) {
  auto [one, peer_of_one] = connected();
  auto [two, peer_of_two] = connected();
  one.collect(1);
  two.collect(1);
  settle();
  reactor.pause();
  peer_of_one.send("ab");
  run_until([this] { return reactor.next_held() != nullptr; });
  peer_of_two.send("xy");
  settle();
  for (std::size_t steps = 1; steps <= 4; ++steps) {
    const EventHandler* const next = reactor.next_held();
    ASSERT_NE(next, nullptr);
    const std::size_t before = next == &one ? one.called : two.called;
    reactor.step();
    settle();
    EXPECT_EQ(one.called + two.called, steps);
    EXPECT_EQ(next == &one ? one.called : two.called, before + 1) << "not the one that was named";
  }
  EXPECT_EQ(one.received, "ab");
  EXPECT_EQ(two.received, "xy");
}

TEST_P(PauseTest, AStepWaitsForSomebody) {
  auto [handler, peer] = connected();
  handler.collect(1);
  settle();
  reactor.pause();
  reactor.step();
  settle();
  peer.send("ab");
  run_until([its = &handler] { return its->called == 1; });
  settle();
  EXPECT_EQ(handler.received, "a");
}

TEST_P(PauseTest, TheBackgroundGoesOn) {
  auto [watched, peer_of_watched] = connected();
  auto [background, peer] = connected();
  background.collect();
  background.unref();
  settle();
  reactor.pause();
  peer.send("hello");
  peer_of_watched.send("hello");
  bool posted = false;
  bool fired = false;
  reactor.post([&posted] { posted = true; });
  reactor.call_later(0ms, [&fired] { fired = true; });
  run_until([&, its = &background] { return its->received == "hello" && posted && fired; });
  EXPECT_EQ(watched.called, 0U);
}

TEST_P(PauseTest, WhoIsClosedMeanwhileIsGone) {
  auto [handler, peer] = connected();
  settle();
  reactor.pause();
  peer.send("hello");
  run_until([this] { return reactor.next_held() != nullptr; });
  handler.close();
  settle();
  EXPECT_EQ(reactor.next_held(), nullptr);
  reactor.go_on();
  settle();
}

TEST_P(PauseTest, EndsWithTheObserverAndWithTheProgram) {
  reactor.pause();
  reactor.observe(nullptr);
  EXPECT_FALSE(reactor.paused());
  reactor.observe(&observer);
  auto [handler, peer] = connected();
  handler.on_finish = [its = &handler] { its->close(); };
  reactor.pause();
  reactor.finish(1s);
  EXPECT_FALSE(reactor.paused());
  reactor.run();
}

TEST_P(PauseTest, IsForWhoObserves) {
  reactor.observe(nullptr);
  EXPECT_THROW(reactor.pause(), std::logic_error);
  EXPECT_THROW(reactor.step(), std::logic_error);
  reactor.go_on();  // nothing
}

}  // namespace
}  // namespace bunshin::testing
