#include "bridge/simulated_rapiro.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <filesystem>

#include "tests/bridge/io_fixture.h"

namespace bunshin::testing {
namespace {

class SimulatedRapiroTest : public EngineCase {
 protected:
  SimulatedRapiro& make_robot(double speed = 1) {
    return reactor.emplace<SimulatedRapiro>(PseudoTerminal::make(), speed);
  }
  UniqueFd open(const std::string& path) {
    UniqueFd line(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_TRUE(line);
    return line;
  }
  std::string ask(const UniqueFd& line, std::string_view command, std::size_t size) {
    write_all(line.get(), command);
    std::string answer;
    run_until([&] {
      answer += read_now(line.get());
      return answer.size() >= size;
    });
    return answer;
  }
};
BUNSHIN_EVERY_ENGINE(SimulatedRapiroTest);

TEST_P(SimulatedRapiroTest, AnswersAsTheFirmware) {
  auto& robot = make_robot();
  const UniqueFd line = open(robot.path());
  EXPECT_EQ(ask(line, "#M5", 3), "#M5");
  EXPECT_EQ(ask(line, "#M1#M2#C", 8), "#M1#M2#C0");
  EXPECT_EQ(ask(line, "noise#Mx\n", 3), "#EM");
  EXPECT_EQ(ask(line, "#PR255G000B000T010", 6), "#PT010");
  EXPECT_EQ(ask(line, "#PR255G000B000T010", 3), "#EP") << "one pose waits already";
  EXPECT_LT(rounds_in(), kFewRounds) << "nothing is echoed";
}

TEST_P(SimulatedRapiroTest, AnAnswerTakesItsTime) {
  auto& robot = make_robot();
  const UniqueFd line = open(robot.path());
  const auto began = Clock::now();
  ask(line, "#M1", 3);
  EXPECT_GE(Clock::now() - began, 3ms);
}

TEST_P(SimulatedRapiroTest, SpeedIsThatOfTheBody) {
  auto& robot = make_robot(50);
  const UniqueFd line = open(robot.path());
  ask(line, "#PR255G000B000T100", 6);
  EXPECT_FALSE(robot.at_rest());
  run_until([&] { return robot.at_rest(); }, 2s);
  EXPECT_EQ(robot.view().eyes, (RapiroView::Colour{255, 0, 0}));
}

TEST_P(SimulatedRapiroTest, ClientsComeAndGo) {
  auto& robot = make_robot();
  for (int i = 0; i < 3; ++i) {
    const UniqueFd line = open(robot.path());
    EXPECT_EQ(ask(line, "#M3", 3), "#M3");
  }
  EXPECT_LT(rounds_in(), kFewRounds) << "nobody there: no spin";
}

TEST_P(SimulatedRapiroTest, WhatNobodyReadsDoesNotFillMemory) {
  auto& robot = make_robot();
  const UniqueFd line = open(robot.path());
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += "#M1";
  std::size_t written = 0;
  run_until([&] {
    const auto now = ::write(line.get(), flood.data(), flood.size());
    if (now > 0) written += static_cast<std::size_t>(now);
    return written > 300'000 || robot.reading_paused();
  });
  EXPECT_LE(robot.buffered(), 400'000U);
}

TEST_P(SimulatedRapiroTest, TheLinkIsMadeAndRemoved) {
  const std::string link = fresh_path("robot");
  auto& robot = make_robot();
  robot.make_link(link);
  EXPECT_EQ(ask(open(link), "#M1", 3), "#M1");
  robot.close();
  run_rounds(1);
  EXPECT_FALSE(std::filesystem::is_symlink(link));
}

TEST_P(SimulatedRapiroTest, ALinkLeftBehindIsReplacedNothingElse) {
  const std::string link = fresh_path("robot");
  ASSERT_EQ(::symlink("/dev/pts/123456", link.c_str()), 0);
  auto& robot = make_robot();
  robot.make_link(link);
  EXPECT_EQ(std::filesystem::read_symlink(link), robot.path());
  const std::string file = make_file("precious");
  EXPECT_THROW(make_robot().make_link(file), std::system_error);
  EXPECT_TRUE(std::filesystem::is_regular_file(file));
}

// The system gives the number of a terminal that is gone to the next one.
TEST_P(SimulatedRapiroTest, ALinkLeftBehindThatLeadsHereAlreadyIsTakenOver) {
  const std::string link = fresh_path("robot");
  auto& robot = make_robot();
  ASSERT_EQ(::symlink(robot.path().c_str(), link.c_str()), 0);
  robot.make_link(link);
  robot.close();
  run_rounds(1);
  EXPECT_FALSE(std::filesystem::is_symlink(link));
}

TEST_P(SimulatedRapiroTest, ALinkOfSomebodyElseStays) {
  const Pty in_use = make_pty();
  for (const std::string& target :
       {in_use.slave_path, std::string("/dev/no-such-serial0"), std::string("/dev/null")}) {
    const std::string link = fresh_path("mine");
    ASSERT_EQ(::symlink(target.c_str(), link.c_str()), 0);
    try {
      make_robot().make_link(link);
      ADD_FAILURE() << "it took the link to " << target;
    } catch (const std::system_error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr(link + ", which leads to " + target));
    }
    EXPECT_EQ(std::filesystem::read_symlink(link), target);
  }
}

TEST_P(SimulatedRapiroTest, TheLinkOfALiveSimulatorStays) {
  const std::string link = fresh_path("robot");
  auto& first = make_robot();
  first.make_link(link);
  EXPECT_THROW(make_robot().make_link(link), std::system_error);
  EXPECT_EQ(std::filesystem::read_symlink(link), first.path());
}

TEST_P(SimulatedRapiroTest, ALinkThatLeadsElsewhereByNowStays) {
  const std::string link = fresh_path("robot");
  auto& first = make_robot();
  first.make_link(link);
  ASSERT_EQ(::unlink(link.c_str()), 0);
  ASSERT_EQ(::symlink("/dev/null", link.c_str()), 0);
  first.close();
  run_rounds(1);
  EXPECT_EQ(std::filesystem::read_symlink(link), "/dev/null");
}

// A client that was killed could not give the line back.
TEST_P(SimulatedRapiroTest, TheLineIsReleasedAfterAKilledClient) {
  auto& robot = make_robot();
  const UniqueFd line = open(robot.path());
  ASSERT_EQ(::ioctl(line.get(), TIOCEXCL), 0);
  run_until([&] {
    int exclusive = 1;
    ::ioctl(line.get(), TIOCGEXCL, &exclusive);
    return exclusive == 0;
  });
}

}  // namespace
}  // namespace bunshin::testing
