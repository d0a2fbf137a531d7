#include "bridge/rapiro_driver.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <thread>

#include "tests/bridge/io_fixture.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kRed = "#PR255G000B000T010";
constexpr const char* kBlue = "#PR000G000B255T010";

class RapiroDriverTest : public EngineCase {
 protected:
  RapiroDriver& make_driver(const std::string& device) {
    auto& driver = reactor.emplace<RapiroDriver>(SerialConfig{device}, notes, limits, kSoon);
    driver.begin(AtStart::fail);
    return driver;
  }
  /// What the driver writes, until that is `text`.
  void expect_written(const UniqueFd& master, std::string_view text) {
    std::string got;
    run_until([&] {
      got += read_now(master.get());
      return got.size() >= text.size();
    });
    EXPECT_EQ(got, text);
  }

  /// What a robot says to the first question.
  void answer_for_robot(const UniqueFd& master) {
    expect_written(master, "\n\n#C");
    write_all(master.get(), "#C0");
  }

  Notes notes;
  RapiroQueue::Limits limits;
};
BUNSHIN_EVERY_ENGINE(RapiroDriverTest);

TEST_P(RapiroDriverTest, BringsCommandsToTheRobotInOrder) {
  auto& robot = reactor.emplace<SimulatedRapiro>(PseudoTerminal::make(), 20);
  auto& driver = make_driver(robot.path());
  for (const char* command : {"#M1", kRed, kBlue, "#M3"}) driver.command(command);
  run_until([&] { return driver.idle(); });
  EXPECT_THAT(notes.answers, ElementsAre("#M1", "#PT010", "#PT010", "#M3"));
  EXPECT_EQ(robot.view().motion, 3);
  EXPECT_LT(rounds_in(), kFewRounds);
}

TEST_P(RapiroDriverTest, BeginsByBringingTheParserIntoStep) {
  auto& robot = reactor.emplace<SimulatedRapiro>(PseudoTerminal::make(), 20);
  {
    const UniqueFd line(::open(robot.path().c_str(), O_RDWR | O_NOCTTY));
    write_all(line.get(), "#PS0");  // somebody was killed in the middle
  }
  run_until([&] { return robot.view().frozen; });
  auto& driver = make_driver(robot.path());
  driver.command("#M2");
  run_until([&] { return driver.idle(); });
  EXPECT_THAT(notes.answers, ElementsAre("#M2"));
  EXPECT_EQ(notes.resyncs, 1);
}

TEST_P(RapiroDriverTest, OneCommandIsInFlight) {
  limits.settle = 1ms;
  const Pty pty = make_pty();
  auto& driver = make_driver(pty.slave_path);
  answer_for_robot(pty.master);
  driver.command("#Q");
  driver.command("#Q");
  expect_written(pty.master, "#Q");
  rounds_in(30ms);
  EXPECT_EQ(read_now(pty.master.get()), "");
  write_all(pty.master.get(), "#QM0T0");
  settle();
  EXPECT_EQ(read_now(pty.master.get()), "") << "the answer is not complete";
  write_all(pty.master.get(), "05");
  expect_written(pty.master, "#Q");
}

TEST_P(RapiroDriverTest, ACommandWithoutAnswerIsSentAgainAndGivenUp) {
  limits.settle = 1ms;
  limits.reply = 10ms;
  limits.resends = 1;
  const Pty pty = make_pty();
  auto& driver = make_driver(pty.slave_path);
  answer_for_robot(pty.master);
  driver.command("#M0");
  run_until([&] { return driver.idle(); });
  expect_written(pty.master, "#M0\n\n#M0\n\n");
  EXPECT_THAT(notes.given_up, ElementsAre("#M0"));
}

// The process was stopped, say: the answer lies in the line's queue when it goes on.
TEST_P(RapiroDriverTest, AnAnswerThatCameWhileWeWereAwayIsNotLate) {
  limits.settle = 1ms;
  limits.reply = 100ms;
  const Pty pty = make_pty();
  auto& driver = make_driver(pty.slave_path);
  answer_for_robot(pty.master);
  driver.command("#M0");
  expect_written(pty.master, "#M0");
  write_all(pty.master.get(), "#M0");
  std::this_thread::sleep_for(2 * limits.reply);  // its time passes while nobody looks
  run_until([&] { return driver.idle(); });
  EXPECT_THAT(notes.answers, ElementsAre("#M0"));
  EXPECT_THAT(notes.sent_commands, ElementsAre("#M0"));
  EXPECT_EQ(read_now(pty.master.get()), "");
}

TEST_P(RapiroDriverTest, CommandsAreKeptWhileTheLineIsAway) {
  limits.settle = 1ms;
  Pty pty = make_pty();
  LinePath line(pty.slave_path);
  auto& driver = make_driver(line.path());
  answer_for_robot(pty.master);
  driver.command("#Q");
  expect_written(pty.master, "#Q");  // not answered
  line.cut();
  pty = Pty();
  run_until([&] { return !driver.is_open(); });
  driver.command("#M4");
  auto& robot = reactor.emplace<SimulatedRapiro>(PseudoTerminal::make(), 20);
  line.lead_to(robot.path());
  run_until([&] { return driver.idle(); });
  EXPECT_THAT(notes.answered_commands, ElementsAre("#Q", "#M4"));
  EXPECT_EQ(notes.resyncs, 2) << "the parser of the robot is brought into step after each opening";
}

TEST_P(RapiroDriverTest, NoTryIsCountedWhileTheLineIsAway) {
  limits.reply = 1ms;
  limits.settle = 1ms;
  limits.resends = 2;
  Pty pty = make_pty();
  LinePath line(pty.slave_path);
  auto& driver = make_driver(line.path());
  line.cut();
  pty = Pty();
  run_until([&] { return !driver.is_open(); });
  driver.command("#M4");
  rounds_in(50ms);
  EXPECT_THAT(notes.given_up, IsEmpty());
  EXPECT_FALSE(driver.idle());
}

TEST_P(RapiroDriverTest, WhatRapiroWouldNotUnderstandIsNeverWritten) {
  limits.settle = 1ms;
  const Pty pty = make_pty();
  auto& driver = make_driver(pty.slave_path);
  for (const char* partial : {"#", "#M", "#P", "#PR255", "#PS00A090", "M1", "#M1\n", ""}) {
    driver.command(partial);
  }
  rounds_in(50ms);
  EXPECT_EQ(read_now(pty.master.get()), "\n\n#C");
  EXPECT_TRUE(driver.idle());
}

TEST_P(RapiroDriverTest, ARobotIsToldToBeAwayAndToBeBack) {
  limits.settle = 1ms;
  limits.reply = 5ms;
  limits.patience = 20ms;
  const Pty pty = make_pty();
  auto& driver = make_driver(pty.slave_path);
  run_until([&] { return notes.away == "it has not answered for 20 ms"; });
  driver.command("#M0");
  std::string got;
  run_until([&] {
    got = read_now(pty.master.get());
    if (got.ends_with("#C")) write_all(pty.master.get(), "#C0");
    return got.ends_with("#M0");
  });
  EXPECT_EQ(notes.back, 1);
}

TEST_P(RapiroDriverTest, ALineThatIsStuckCostsNoMemory) {
  limits.settle = 1ms;
  limits.reply = 1ms;
  limits.resends = 1000;
  const Pty pty = make_pty();
  auto& driver = make_driver(pty.slave_path);
  driver.send(std::string(100'000, '\n'));  // more than the line takes
  rounds_in(30ms);
  ASSERT_GT(driver.buffered(), 0U);
  const std::size_t before = driver.buffered();
  driver.command("#M0");
  rounds_in(100ms);
  EXPECT_EQ(driver.buffered(), before);
}

TEST_P(RapiroDriverTest, FinishingWaitsForTheAnswers) {
  auto& robot = reactor.emplace<SimulatedRapiro>(PseudoTerminal::make(), 20);
  auto& driver = make_driver(robot.path());
  for (const char* command : {kRed, kBlue, "#M5"}) driver.command(command);
  driver.handle_finish();
  run_until([&] { return notes.answers.size() == 3; });
  run_until([&] {
    int others = 0;
    reactor.for_each([&](EventHandler& handler) { others += &handler == &robot ? 0 : 1; });
    return others == 0;
  });
  EXPECT_EQ(log.count("were not carried out"), 0U);
}

TEST_P(RapiroDriverTest, FinishingIsBounded) {
  const Pty pty = make_pty();  // it never answers
  auto& driver = make_driver(pty.slave_path);
  driver.command("#M1");
  driver.command("#M2");
  const auto began = Clock::now();
  reactor.finish(100ms);
  reactor.run();
  EXPECT_LT(Clock::now() - began, 2s);
  reactor.for_each([](EventHandler& handler) { handler.close(); });
  run_rounds(1);
  EXPECT_EQ(log.count("2 commands were not carried out"), 1U);
}

}  // namespace
}  // namespace bunshin::testing
