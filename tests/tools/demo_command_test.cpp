#include <gmock/gmock.h>
#include <signal.h>

#include <regex>

#include "tests/tools/terminal_program.h"

namespace bunshin::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

/// What stands behind `label` in the lines of the demo that have it.
std::vector<std::string> column(const std::string& output, const std::string& label) {
  std::vector<std::string> values;
  const std::regex line("[0-9.]+ s  " + label + " +(.*)");
  for (std::sregex_iterator match(output.begin(), output.end(), line), end; match != end; ++match) {
    values.push_back((*match)[1]);
  }
  return values;
}

TEST(DemoCommand, RecordedSpeechMovesARobotFromAnyFolder) {
  Program demo(bunshin({"demo", "--speed", "10"}), "/");
  EXPECT_EQ(demo.wait(), 0);
  EXPECT_EQ(demo.errors(), "");
  EXPECT_THAT(column(demo.output(), "to robot"),
              ElementsAre("#M1", "#M3", "#M4", "#M0", "#M5", "#PR000G000B255T010",
                          "#PR000G000B255T010", "#PR000G255B000T010", "#PR255G255B000T010"));
  EXPECT_THAT(column(demo.output(), "answer"), ElementsAre("#M1", "#M3", "#M4", "#M0", "#M5",
                                                           "#PT010", "#PT010", "#PT010", "#PT010"));
  const auto heard = column(demo.output(), "heard");
  ASSERT_EQ(heard.size(), 10U);
  EXPECT_EQ(heard[0], "\"前へ進め\", confidence 0.787: rule \"前へ進め\", #M1");
  EXPECT_THAT(heard[1], HasSubstr("confidence 0.632: refused, below 0.700"));
  EXPECT_THAT(demo.output(), HasSubstr("eyes yellow, holds its pose"));
  EXPECT_THAT(demo.output(), HasSubstr("10 utterances: 9 obeyed, 1 refused; 9 commands answered"));
  EXPECT_THAT(demo.output(), Not(HasSubstr("\x1b"))) << "no colours for a pipe";
}

TEST(DemoCommand, ASignalEndsItAtOnce) {
  Program demo(bunshin({"demo"}));
  EXPECT_TRUE(demo.wait_for_output("Rapiro on"));
  demo.signal(SIGINT);
  EXPECT_EQ(demo.wait(), 0);
}

TEST(DemoCommand, ANarrowTerminalIsNotFilled) {
  TerminalProgram demo({"demo", "--speed", "10"}, 40);
  demo.wait_for_text("utterances:");
  EXPECT_EQ(demo.wait(), 0);
  EXPECT_EQ(demo.screen().column(), 0U);
  int robots = 0;
  for (const std::string& line : demo.screen().lines())
    robots += line.find("robot     ") != line.npos;
  EXPECT_EQ(robots, 1) << "the line of the robot is drawn in its place";
}

TEST(DemoCommand, ColoursAreThoseOfTheTerminal) {
  const std::pair<std::vector<std::string>, std::string> terminals[] = {
      {{"COLORTERM=truecolor"}, "\x1b[38;2;"},
      {{"TERM=xterm-256color"}, "\x1b[38;5;"},
      {{}, "\x1b[34m"},
  };
  for (const auto& [environment, code] : terminals) {
    TerminalProgram demo({"demo", "--speed", "10"}, 80, environment);
    demo.wait_for_text("utterances:");
    EXPECT_EQ(demo.wait(), 0);
    EXPECT_THAT(demo.written(), HasSubstr(code));
  }
}

TEST(DemoCommand, NoColoursAndNoCursorWhereTheyAreNotWanted) {
  TerminalProgram plain({"demo", "--speed", "10"}, 80, {"NO_COLOR=1", "COLORTERM=truecolor"});
  plain.wait_for_text("utterances:");
  EXPECT_EQ(plain.wait(), 0);
  EXPECT_THAT(plain.written(), Not(ContainsRegex("\x1b\\[[0-9;]*m")));
  EXPECT_THAT(plain.written(), HasSubstr("\r\x1b[K"));
  TerminalProgram dumb({"demo", "--speed", "10"}, 80, {"TERM=dumb", "COLORTERM=truecolor"});
  dumb.wait_for_text("utterances:");
  EXPECT_EQ(dumb.wait(), 0);
  EXPECT_THAT(dumb.written(), Not(HasSubstr("\x1b")));
}

TEST(DemoCommand, ASignalLeavesTheCursorAtTheBeginOfALine) {
  for (const char* command : {"demo", "sim", "echo"}) {
    std::vector<std::string> arguments{command};
    if (arguments[0] == "sim") arguments.emplace_back("rapiro");
    if (arguments[0] == "echo") arguments.emplace_back("127.0.0.1:0");
    TerminalProgram program(arguments);
    program.wait_for_text(arguments[0] == "demo" ? "robot     " : "listening on ");
    program.type("^C");  // what a terminal shows; the signal comes from the test
    program.wait_for_text("^C");
    program.program().signal(SIGINT);
    EXPECT_EQ(program.wait(), 0);
    EXPECT_EQ(program.screen().column(), 0U) << command;
  }
}

TEST(DemoCommand, WrongArgumentsExitWithTwo) {
  for (const char* speed : {"0", "-1", "1000", "nan", "slow"}) {
    Program demo(bunshin({"demo", "--speed", speed}));
    EXPECT_EQ(demo.wait(), 2) << speed;
    EXPECT_THAT(demo.errors(), MatchesRegex("bunshin: [^\n]+\n"));
  }
}

}  // namespace
}  // namespace bunshin::testing
