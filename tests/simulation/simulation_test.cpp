#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "reactor/timer.h"
#include "tests/simulation/scenarios.h"

namespace bunshin::simulation {
namespace {

class ScenarioTest : public ::testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] const Scenario& scenario() const { return *find_scenario(GetParam()); }
  [[nodiscard]] Outcome play_seed(std::uint64_t seed) const {
    Tale tale(false);
    return play(scenario(), Draws(seed), tale);
  }
};

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const Scenario& each : scenarios()) all.emplace_back(each.name);
  return all;
}
INSTANTIATE_TEST_SUITE_P(Of, ScenarioTest, ::testing::ValuesIn(names()),
                         [](const auto& its) { return its.param; });

TEST_P(ScenarioTest, HoldsWhenNothingUnusualHappens) {
  Tale tale(false);
  const Outcome outcome = play(scenario(), Draws(std::vector<Deviation>()), tale);
  EXPECT_EQ(outcome.violation, "");
  EXPECT_TRUE(outcome.deviations.empty());
}

TEST_P(ScenarioTest, HoldsWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    EXPECT_EQ(play_seed(seed).violation, "") << "seed " << seed;
  }
}

TEST_P(ScenarioTest, ASeedIsTheSameRunEachTime) {
  const Outcome one = play_seed(7);
  const Outcome two = play_seed(7);
  EXPECT_EQ(one.sum, two.sum);
  EXPECT_EQ(one.rounds, two.rounds);
  EXPECT_EQ(one.deviations, two.deviations);
}

TEST_P(ScenarioTest, TheDeviationsOfASeedAreItsRun) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Outcome drawn = play_seed(seed);
    Tale tale(false);
    EXPECT_EQ(play(scenario(), Draws(drawn.deviations), tale).sum, drawn.sum) << "seed " << seed;
  }
}

// What was found once is not to come back.
TEST(RegressionTest, Holds) {
  std::ifstream file(BUNSHIN_REGRESSIONS);
  std::size_t played = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::string protection;
    if (line.empty() || line.starts_with('#') || !(words >> name >> protection)) continue;
    const Scenario* const scenario = find_scenario(name);
    ASSERT_NE(scenario, nullptr) << line;
    std::vector<Deviation> deviations;
    for (std::string word; words >> word;) {
      const auto deviation = parse_deviation(word);
      ASSERT_TRUE(deviation) << word;
      deviations.push_back(*deviation);
    }
    Tale tale(false);
    EXPECT_EQ(play(*scenario, Draws(deviations), tale).violation, "") << line;
    ++played;
  }
  EXPECT_GE(played, 2U);
}

TEST(Deviations, AreWrittenAndReadBack) {
  const Deviation deviation{Choice::late_event, 5, 12, 1};
  EXPECT_EQ(to_string(deviation), "late_event/5/12=1");
  EXPECT_EQ(parse_deviation("late_event/5/12=1"), deviation);
}

TEST(Deviations, WhatMakesNoSenseIsRefused) {
  for (const char* text : {"", "late", "late_event", "late_event/", "late_event/5/12",
                           "sooner/1/2=3", "late_event/x/12=1", "late_event/5/12=1 ",
                           "late_event/-1/2=3", "late_event/99999999999/2=3"}) {
    EXPECT_FALSE(parse_deviation(text)) << text;
  }
}

TEST(Scenarios, ThereIsNoneOfAnUnknownName) { EXPECT_EQ(find_scenario("nonsense"), nullptr); }

TEST(WorldTest, IsAtRestWhenNobodyHasAnythingToDo) {
  Draws draws{std::vector<Deviation>()};
  World world(draws);
  world.start("alone").reactor().keep_running();
  EXPECT_FALSE(world.run([] { return false; }, 100));
  EXPECT_LT(world.rounds(), 5U);
}

TEST(WorldTest, TimePassesOnlyWhenEverybodySleeps) {
  Draws draws{std::vector<Deviation>()};
  World world(draws);
  Process& process = world.start("alone");
  const TimePoint begin = world.now();
  bool fired = false;
  process.reactor().call_later(std::chrono::hours(3), [&fired] { fired = true; });
  EXPECT_TRUE(world.run([&fired] { return fired; }, 10));
  EXPECT_GE(world.now() - begin, std::chrono::hours(3));
  EXPECT_LT(world.now() - begin, std::chrono::hours(3) + std::chrono::seconds(1));
}

class Sleeper : public EventHandler {
 public:
  explicit Sleeper(Reactor& reactor) : EventHandler(reactor) {}
  void wake() { woken = true; }
  bool woken = false;
  Timer timer{*this, &Sleeper::wake};
};

TEST(PauseTest, TheTimersOfHandlersStandStill) {
  Draws draws{std::vector<Deviation>()};
  World world(draws);
  Reactor& reactor = world.start("alone").reactor();
  Observer observer;
  reactor.observe(&observer);
  const TimePoint begin = world.now();
  Sleeper& sleeper = reactor.emplace<Sleeper>();
  sleeper.timer.arm(std::chrono::seconds(10));
  reactor.call_later(std::chrono::seconds(4), [&reactor] { reactor.pause(); });
  reactor.call_later(std::chrono::seconds(104), [&] {
    EXPECT_FALSE(sleeper.woken);
    reactor.go_on();
  });
  EXPECT_TRUE(world.run([&sleeper] { return sleeper.woken; }, 100));
  EXPECT_GE(world.now() - begin, std::chrono::seconds(110));
  EXPECT_LT(world.now() - begin, std::chrono::seconds(111));
  reactor.observe(nullptr);
}

TEST(WorldTest, NumbersAreGivenOutAgainAtOnce) {
  Draws draws{std::vector<Deviation>()};
  World world(draws);
  Process& process = world.start("alone");
  const int first = process.make_stream_socket(AF_INET).get();
  EXPECT_EQ(process.make_stream_socket(AF_INET).get(), first);
}

TEST(WorldTest, DescriptorsRunOut) {
  Draws draws{std::vector<Deviation>()};
  World world(draws);
  Process& process = world.start("greedy");
  std::vector<UniqueFd> all;
  while (all.size() < Process::kMostDescriptors) all.push_back(process.make_stream_socket(AF_INET));
  try {
    process.make_stream_socket(AF_INET);
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EMFILE);
  }
}

}  // namespace
}  // namespace bunshin::simulation
