// What all commands that run a loop have in common.

#include "tools/command.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <termios.h>

#include "tests/support/files.h"
#include "tests/support/peer.h"
#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;

/// A command, what it prints when its loop is about to run, and what its status speaks of.
struct Running {
  std::vector<std::string> words;
  std::string output;
  std::string handler;
};

void PrintTo(const Running& running, std::ostream* out) {
  for (const std::string& word : running.words) *out << word << ' ';
}

class CommandWithLoop : public ::testing::TestWithParam<Running> {
 protected:
  /// Its status is an answer to a signal, so the loop runs from then on.
  void expect_status(Program& program) {
    program.signal(SIGUSR1);
    EXPECT_TRUE(program.wait_for_errors("lines lost: 0 of the log, 0 of the output"));
    EXPECT_THAT(program.errors(), HasSubstr(" rounds, "));
    EXPECT_THAT(program.errors(), HasSubstr(", 1 bunshin::" + GetParam().handler));
  }
};

std::string name_of_command(const ::testing::TestParamInfo<Running>& info) {
  const std::vector<std::string>& words = info.param.words;
  std::string name = words[0];
  if (name == "sim") name += "_" + words[1];
  if (words[1] == "--threads") name += "_threads";
  return name;
}

const std::string kRecording = fixture_path("julius/control");

INSTANTIATE_TEST_SUITE_P(
    Is, CommandWithLoop,
    ::testing::Values(
        Running{{"echo", "127.0.0.1:0"}, "listening", "EchoServer"},
        Running{{"echo", "--threads", "2", "127.0.0.1:0"}, "listening", "EchoServer"},
        Running{{"chat", "127.0.0.1:0"}, "listening", "ChatServer"},
        Running{{"sim", "julius", kRecording, "127.0.0.1:0"}, "listening", "SimulatedJulius"},
        Running{{"sim", "rapiro"}, "listening", "(anonymous namespace)::ShownRapiro"},
        Running{{"demo", "--speed", "0.1"}, "Recorded", "Bridge"}),
    name_of_command);

TEST_P(CommandWithLoop, SaysHowThingsStand) {
  Program program(bunshin(GetParam().words));
  EXPECT_TRUE(program.wait_for_output(GetParam().output));
  program.signal(SIGUSR2);
  expect_status(program);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

TEST_P(CommandWithLoop, EndsInOrder) {
  for (const int signal : {SIGHUP, SIGQUIT, SIGINT}) {
    Program program(bunshin(GetParam().words));
    EXPECT_TRUE(program.wait_for_output(GetParam().output));
    program.signal(signal);
    EXPECT_EQ(program.wait(), 0) << signal;
  }
}

TEST(CommandSignals, TheLineIsGivenBack) {
  const Pty pty = make_pty();
  set_canonical(pty.slave.get());
  termios before{};
  ASSERT_EQ(::tcgetattr(pty.slave.get(), &before), 0);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
    Program bridge(
        bunshin({"bridge", "--raw", "--julius", refusing_address(Family::ipv4).to_string(),
                 "--serial", pty.slave_path}));
    EXPECT_TRUE(bridge.wait_for_errors("cannot reach Julius"));
    termios after{};
    ASSERT_EQ(::tcgetattr(pty.slave.get(), &after), 0);
    EXPECT_NE(after.c_lflag, before.c_lflag);
    bridge.signal(SIGUSR1);
    EXPECT_TRUE(bridge.wait_for_errors("bytes carried"));
    bridge.signal(signal);
    EXPECT_EQ(bridge.wait(), 0);
    ASSERT_EQ(::tcgetattr(pty.slave.get(), &after), 0);
    EXPECT_EQ(after.c_lflag, before.c_lflag);
  }
}

}  // namespace
}  // namespace bunshin::testing
