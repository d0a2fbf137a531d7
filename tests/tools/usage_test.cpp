#include "tools/usage.h"

#include <gmock/gmock.h>
#include <sys/ioctl.h>

#include <sstream>

#include "tests/support/files.h"
#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

std::string output_of(std::vector<std::string> arguments) {
  Program program(bunshin(std::move(arguments)));
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(program.errors(), "");
  return program.output();
}

const std::vector<std::vector<std::string>> kCommands = {
    {},       {"bridge"},  {"chat"}, {"connect"},       {"demo"},         {"echo"},
    {"load"}, {"version"}, {"sim"},  {"sim", "julius"}, {"sim", "rapiro"}};

TEST(Usage, HelpFitsEightyColumns) {
  for (std::vector<std::string> command : kCommands) {
    command.emplace_back("--help");
    const std::string help = output_of(command);
    EXPECT_LE(longest_line(help), 80U) << help;
    command.pop_back();
    command.insert(command.begin(), "help");
    EXPECT_EQ(output_of(command), help);
  }
}

TEST(Usage, HelpFillsTheTerminalAndNoMore) {
  const Pty pty = make_pty();
  const winsize size{.ws_row = 24, .ws_col = 70, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::ioctl(pty.slave.get(), TIOCSWINSZ, &size), 0);
  Program program({"/bin/sh", "-c", "exec \"$0\" load --help >" + pty.slave_path, BUNSHIN_BINARY});
  EXPECT_EQ(program.wait(), 0);
  const std::string help = read_now(pty.master.get());
  EXPECT_LE(longest_line(help), 70U) << help;
  EXPECT_THAT(help, HasSubstr("--rate"));
}

TEST(Usage, TheVersionInAllItsSpellings) {
  const std::string version = output_of({"version"});
  EXPECT_THAT(version, AllOf(StartsWith("bunshin "), HasSubstr("\nengine poll")));
  EXPECT_EQ(output_of({"--version"}), version);
  EXPECT_EQ(output_of({"-V"}), version);
}

TEST(Usage, AWordThatIsNoCommandIsNamedAndTheNearestSuggested) {
  const std::pair<std::vector<std::string>, std::string> mistakes[] = {
      {{"ecco"}, "\"ecco\" is no command, did you mean \"echo\"?"},
      {{"ecco", "127.0.0.1:0", "--stamp"}, "\"ecco\" is no command, did you mean \"echo\"?"},
      {{"dance"}, "\"dance\" is no command; there are echo, chat, "},
      {{"sim", "foo"}, "\"foo\" is no command of sim; there are julius, rapiro"},
      {{"sim", "julios"}, "\"julios\" is no command of sim, did you mean \"julius\"?"},
      {{"sim"}, "a command is missing: julius, rapiro"},
      {{}, "a command is missing: echo, chat, "},
      {{"echo", "--stmap"}, "\"--stmap\" is no option of echo, did you mean \"--stamp\"?"},
      {{"echo", "9876", "9877"}, "\"9877\" is no argument of echo"},
      {{"a\x1b[2J\nb"}, "\"a^[[2J^Jb\" is no command"},
  };
  for (const auto& [arguments, sentence] : mistakes) {
    const auto [status, line] = failure_of(arguments);
    EXPECT_EQ(status, 2) << line;
    EXPECT_THAT(line, StartsWith("bunshin: " + sentence));
    EXPECT_THAT(line, HasSubstr("bunshin --help"));
  }
}

TEST(Usage, AWrongEngineIsAMistakeInTheArguments) {
  const auto [status, line] = failure_of({"echo", "--engine", "steam", "0"});
  EXPECT_EQ(status, 2);
  EXPECT_THAT(line, AllOf(HasSubstr("--engine"), HasSubstr("steam"), HasSubstr("poll")));
  Program other({"/usr/bin/env", "BUNSHIN_ENGINE=steam", BUNSHIN_BINARY, "echo", "0"});
  EXPECT_EQ(other.wait(), 2);
  EXPECT_THAT(other.errors(), HasSubstr("steam"));
}

TEST(Usage, AnAddressMayBeAPort) {
  Program server(bunshin({"echo", "0"}));
  const std::string address = server.output_after("listening on ");
  EXPECT_THAT(address, StartsWith("127.0.0.1:"));
  Program client(bunshin({"connect", address.substr(address.find(':'))}));
  client.send("abc\n");
  client.end_input();
  EXPECT_EQ(client.wait(), 0);
  EXPECT_EQ(client.output(), "abc\n");
}

TEST(Usage, SentencesHaveNoNoise) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"echo", "nowhere"},
           {"echo", "--engine", "steam"},
           {"bridge", "--serial", "/dev/null"},
           {"bridge", "--fail-fast", "--serial", "/dev/no-such-line"}}) {
    const auto [status, line] = failure_of(arguments);
    for (const char* noise :
         {": Invalid argument", ": Operation not supported", ": Inappropriate", ": No such file"}) {
      EXPECT_THAT(line, Not(HasSubstr(noise)));
    }
  }
}

}  // namespace
}  // namespace bunshin::testing
