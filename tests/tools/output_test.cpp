// What becomes of a command whose standard streams are full, closed, or gone.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <termios.h>

#include <chrono>

#include "tests/support/files.h"
#include "tests/support/peer.h"
#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {
namespace {

using std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr const char* kStop =
    "<RECOGOUT>\n<SHYPO RANK=\"1\"><WHYPO WORD=\"止まれ\"/></SHYPO>\n</RECOGOUT>\n.\n";

/// `command` with what the shell makes of `redirection`.
std::vector<std::string> redirected(const std::string& redirection,
                                    std::vector<std::string> command) {
  const std::vector<std::string> shell{"/bin/sh", "-c", redirection + " exec \"$@\"", "sh"};
  command.insert(command.begin(), shell.begin(), shell.end());
  return command;
}

std::vector<std::string> with_stream(const std::string& number_and_arrow, const std::string& path,
                                     std::vector<std::string> command) {
  return redirected("exec " + number_and_arrow + path + ";", std::move(command));
}

/// Reads until what has come holds `text`.
std::string read_until(int fd, const std::string& text) {
  std::string got;
  while (got.find(text) == got.npos) {
    const std::string more = read_some(fd);
    if (more.empty()) {
      ADD_FAILURE() << "\"" << text << "\" did not come, but " << got.size() << " bytes";
      break;
    }
    got += more;
  }
  return got;
}

/// A pipe with a name, for a stream of a program; the test reads it.
struct LogPipe {
  LogPipe() : path(fresh_path("pipe")) {
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    read.reset(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    write.reset(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  }
  void fill() const { write_now(write.get(), std::string(4 << 20, '.')); }
  const std::string path;
  UniqueFd read, write;
};

class OutputOn : public ::testing::TestWithParam<std::string> {
 protected:
  std::vector<std::string> command(std::vector<std::string> words) const {
    words = bunshin(std::move(words));
    words.insert(words.end(), {"--engine", GetParam()});
    return words;
  }
};
BUNSHIN_EVERY_ENGINE(OutputOn);

/// A robot and an engine that says what the test wants, for a bridge.
struct Speech {
  [[nodiscard]] std::vector<std::string> bridge_words() {
    return {"bridge", "--julius", engine.address.to_string(), "--serial", line};
  }
  Listener engine{Family::ipv4};
  Program robot{bunshin({"sim", "rapiro"})};
  const std::string line = robot.output_after("listening on ");
};

/// Whatever became of its log, the bridge does what is said, and ends.
void expect_obedience(Speech& speech, Program& bridge, Peer& engine) {
  engine.send(kStop);
  EXPECT_TRUE(speech.robot.wait_for_output("#M0"));
  bridge.signal(SIGTERM);
  engine.close();  // else it waits two seconds for us
  EXPECT_EQ(bridge.wait(), 0);
}

TEST_P(OutputOn, AFullLogDoesNotHoldTheRobotUp) {
  Speech speech;
  const LogPipe log;
  log.fill();
  Program bridge(with_stream("2>", log.path, command(speech.bridge_words())));
  Peer engine = speech.engine.accept();
  engine.send(kStop);
  EXPECT_TRUE(speech.robot.wait_for_output("#M0"));
  const std::string got = read_until(log.read.get(), "the robot answered #M0");
  EXPECT_THAT(got, HasSubstr("heard \"止まれ\"")) << "kept, and written by the loop";
  log.fill();
  const auto began = steady_clock::now();
  bridge.signal(SIGTERM);
  engine.close();
  EXPECT_EQ(bridge.wait(), 0);
  EXPECT_LT(steady_clock::now() - began, std::chrono::seconds(4));
}

TEST_P(OutputOn, AStoppedTerminalDoesNotHoldTheRobotUp) {
  Speech speech;
  const Pty terminal = make_pty();
  ASSERT_EQ(::tcflow(terminal.slave.get(), TCOOFF), 0);
  Program bridge(with_stream("2>", terminal.slave_path, command(speech.bridge_words())));
  Peer engine = speech.engine.accept();
  expect_obedience(speech, bridge, engine);
  EXPECT_EQ(read_now(terminal.master.get()), "");
}

TEST_P(OutputOn, TheReaderOfTheLogLeaves) {
  Speech speech;
  LogPipe log;
  Program bridge(with_stream("2>", log.path, command(speech.bridge_words())));
  Peer engine = speech.engine.accept();
  log.write.reset();
  EXPECT_NE(read_some(log.read.get()), "");
  log.read.reset();
  expect_obedience(speech, bridge, engine);
}

TEST_P(OutputOn, TheTerminalGoesAway) {
  Speech speech;
  Pty terminal = make_pty();
  ::fcntl(terminal.master.get(), F_SETFD, FD_CLOEXEC);
  Program bridge(with_stream("2>", terminal.slave_path, command(speech.bridge_words())));
  Peer engine = speech.engine.accept();
  terminal.master.reset();
  expect_obedience(speech, bridge, engine);
}

TEST_P(OutputOn, VerboseIsNotWaitedFor) {
  const LogPipe output;
  const int pipe = output.read.get();
  Program echo(with_stream(">", output.path, command({"echo", "127.0.0.1:0", "--verbose"})));
  const std::string start = read_until(pipe, "\n");
  Peer peer(*Endpoint::parse(start.substr(13, start.find('\n') - 13)).numeric());
  output.fill();
  const std::string line = std::string(1000, 'x') + "\n";
  for (int time = 0; time < 100; ++time) {
    peer.send(line);
    ASSERT_EQ(peer.receive(line.size()), line);
  }
  EXPECT_THAT(read_until(pipe, " lines lost\n"), HasSubstr("Received -> xxx"));
  output.fill();
  peer.close();
  echo.signal(SIGTERM);
  EXPECT_EQ(echo.wait(), 0);
}

TEST_P(OutputOn, ACrowdAndALogThatCanNotBeWritten) {
  Program echo(redirected("ulimit -n 20; exec 2>/dev/full;", command({"echo", "127.0.0.1:0"})));
  const auto address = *Endpoint::parse(echo.output_after("listening on ")).numeric();
  std::vector<Peer> crowd;
  for (int client = 0; client < 40; ++client) {
    crowd.emplace_back(address);
    crowd.back().send("hello");
  }
  for (Peer& peer : crowd) {
    ASSERT_EQ(peer.receive(5), "hello");
    peer.close();
  }
  echo.signal(SIGTERM);
  EXPECT_EQ(echo.wait(), 0);
}

TEST_P(OutputOn, ASlowMemberIsDroppedAndTheSpeakerStays) {
  Program chat(with_stream("2>", "/dev/full", command({"chat", "127.0.0.1:0"})));
  const auto address = *Endpoint::parse(chat.output_after("listening on ")).numeric();
  Peer slow;
  Peer speaker(address);
  speaker.send("first\n");
  EXPECT_EQ(speaker.receive(6), "first\n");
  slow = Peer(address);
  const std::string line = std::string(8000, 'x') + "\n";
  // More than the kernel and the server keep for those who do not read.
  constexpr std::size_t kLines = 6000;
  for (std::size_t time = 0; time < kLines; ++time) {
    speaker.send(line);
    ASSERT_EQ(speaker.receive(line.size()), line);
  }
  EXPECT_LT(slow.receive_all().size(), kLines * line.size());
}

TEST_P(OutputOn, AMissingStandardStreamIsNoBodyElses) {
  const std::vector<std::pair<std::string, int>> cases{
      {"<&-", 0}, {"2>&-", 0}, {">&-", 1}, {"<&- >&-", 1}, {"<&- >&- 2>&-", 1}};
  for (const auto& [missing, status] : cases) {
    const Listener server(Family::ipv4);
    Program connect(
        redirected("exec " + missing + ";", command({"connect", server.address.to_string()})));
    Peer peer = server.accept();
    connect.end_input();
    EXPECT_EQ(peer.receive_all(), "") << missing;
    peer.send("hello");
    peer.close();
    EXPECT_EQ(connect.wait(), status) << missing;
  }
}

TEST(Output, ASentenceThatCanNotBeWrittenDoesNotChangeTheStatus) {
  for (const char* redirection : {"exec 2>/dev/full;", "exec 2>&-;"}) {
    const std::string nobody = refusing_address(Family::ipv4).to_string();
    Program failed(redirected(redirection, bunshin({"connect", nobody})));
    EXPECT_EQ(failed.wait(), 1);
    Program wrong(redirected(redirection, bunshin({"connect", "here"})));
    EXPECT_EQ(wrong.wait(), 2);
    Program right(redirected(redirection, bunshin({"version"})));
    EXPECT_EQ(right.wait(), 0);
  }
}

TEST(Output, AResultThatCanNotBeWrittenIsAFailure) {
  const Server echo({"echo"});
  const std::vector<std::vector<std::string>> commands{
      {"version"},
      {"--help"},
      {"sim", "--help"},
      {"bridge", "--check"},
      {"load", echo.address.to_string(), "--seconds", "0.1", "--warmup", "0", "--json"}};
  for (const auto& words : commands) {
    Program program(with_stream(">", "/dev/full", bunshin(words)));
    EXPECT_EQ(program.wait(), 1) << words[0];
    EXPECT_EQ(program.errors(),
              "bunshin: cannot write to standard output: No space left on device\n");
    Program closed(redirected("exec >&-;", bunshin(words)));
    EXPECT_EQ(closed.wait(), 1) << words[0];
    EXPECT_THAT(closed.errors(), HasSubstr("cannot write to standard output"));
  }
}

TEST(Output, WhatTheServerSaysAndNobodyCanBeToldIsAFailure) {
  const Listener server(Family::ipv4);
  Program connect(with_stream(">", "/dev/full", bunshin({"connect", server.address.to_string()})));
  Peer peer = server.accept();
  peer.send("hello");
  EXPECT_EQ(connect.wait(), 1);
  EXPECT_EQ(connect.errors(),
            "bunshin: cannot write to standard output: No space left on device\n");
}

TEST(Output, ASimulatorGoesOnAndSaysSoAtItsEnd) {
  const std::string address = "unix:" + fresh_path("socket");
  const Pty line = make_pty();
  Program julius(with_stream(">", "/dev/full",
                             bunshin({"sim", "julius", fixture_path("julius/control"), address})));
  Program bridge(bunshin({"bridge", "--raw", "--julius", address, "--serial", line.slave_path}));
  EXPECT_TRUE(bridge.wait_for_errors("connected to Julius"));
  julius.signal(SIGTERM);
  EXPECT_EQ(julius.wait(), 1);
  EXPECT_THAT(julius.errors(), HasSubstr("bunshin: cannot write to standard output: No space"));
}

}  // namespace
}  // namespace bunshin::testing
