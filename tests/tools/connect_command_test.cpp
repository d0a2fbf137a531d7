#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "tests/support/files.h"
#include "tests/tools/bunshin_program.h"
#include "tests/tools/terminal_program.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The command, and the server's side of its connection, which the test is.
class ConnectCommandTest : public ::testing::TestWithParam<Setting> {
 protected:
  std::vector<std::string> arguments() {
    return {"connect", "--engine", GetParam().engine, listener.address.to_string()};
  }
  std::vector<std::string> command() { return bunshin(arguments()); }
  Listener listener{GetParam().family};
};
BUNSHIN_EVERY_SETTING(ConnectCommandTest);

TEST_P(ConnectCommandTest, APipe) {
  Program program(command());
  Peer server = listener.accept();
  program.send("abc\n");
  EXPECT_EQ(server.receive(4), "abc\n");
  server.send("what you said\n");
  EXPECT_TRUE(program.wait_for_output("what you said\n")) << "at once, though more may be typed";
  program.end_input();
  EXPECT_EQ(server.receive_all(), "") << "half-closed";
  server.send("and what still comes\n");
  server.close();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(program.output(), "what you said\nand what still comes\n") << "no prompt";
  EXPECT_EQ(program.errors(), "");
}

TEST_P(ConnectCommandTest, ARegularFile) {
  const std::string text = pattern(3 * 1000 * 1000);
  const UniqueFd file(::open(make_file(text).c_str(), O_RDONLY | O_CLOEXEC));
  Program program(command(), nullptr, file.get());
  Peer server = listener.accept();
  std::string got;
  std::thread echo([&] {
    got = server.receive_all();
    server.send(got);
    server.close();
  });
  EXPECT_EQ(program.wait(), 0);
  echo.join();
  EXPECT_TRUE(got == text);
  EXPECT_TRUE(program.output() == text);
}

TEST_P(ConnectCommandTest, DevNull) {
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Program program(command(), nullptr, file.get());
  Peer server = listener.accept();
  EXPECT_EQ(server.receive_all(), "");
  server.send("goodbye");
  server.close();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(program.output(), "goodbye");
}

TEST_P(ConnectCommandTest, ATerminal) {
  TerminalProgram program(arguments());
  Peer server = listener.accept();
  program.wait_for_lines({">"});
  program.type("hello\r");
  EXPECT_EQ(server.receive(6), "hello\n");
  server.send("[now] hello");
  program.wait_for_lines({"> hello", "[now] hello", ">"});
  EXPECT_FALSE(is_nonblocking(program.terminal().slave.get())) << "that would outlive the program";
  program.type("\r");
  EXPECT_EQ(server.receive_all(), "");
  server.close();
  EXPECT_EQ(program.wait(), 0);
}

TEST_P(ConnectCommandTest, NoNewlineIsWhatTheCoursesClientSends) {
  std::vector<std::string> plain = arguments();
  plain.emplace_back("--no-newline");
  TerminalProgram program(plain);
  Peer server = listener.accept();
  program.wait_for_lines({">"});
  program.type("hello\r");
  program.wait_for_lines({"> hello", ">"});
  program.type("\r");
  EXPECT_EQ(server.receive_all(), "hello");
}

TEST_P(ConnectCommandTest, WhatIsHalfTypedSurvivesAMessageInPieces) {
  TerminalProgram program(arguments());
  Peer server = listener.accept();
  program.wait_for_lines({">"});
  program.type("half");
  program.wait_for_lines({"> half"});
  const std::string text = "to 赤 all";
  server.send(text.substr(0, 4));  // ends within a character
  program.wait_for_lines({"to", "> half"});
  server.send(text.substr(4));
  program.wait_for_lines({text, "> half"});
  server.send(" of you\r\nand\tmore\n");
  program.wait_for_lines({text + " of you", "and     more", "> half"});
  program.type(" typed\r");
  EXPECT_EQ(server.receive(11), "half typed\n");
}

TEST_P(ConnectCommandTest, AServerCanNotPlayWithTheTerminal) {
  TerminalProgram program(arguments());
  Peer server = listener.accept();
  program.wait_for_lines({">"});
  server.send(
      "\x1b]0;gone\x07\x1b[2J\xc2\x9b"
      "3J \x9b"
      "4J\n");
  program.wait_for_lines({"^[]0;gone^G^[[2J?3J ?4J", ">"});
  EXPECT_EQ(program.written().find("\x9b"), std::string::npos);
}

TEST_P(ConnectCommandTest, RawPassesEverything) {
  std::vector<std::string> raw = arguments();
  raw.emplace_back("--raw");
  TerminalProgram program(raw);
  Peer server = listener.accept();
  program.wait_for_lines({">"});
  server.send("\x1b[35mviolet\x1b[0m\n");
  program.wait_for_lines({"violet", ">"});
  EXPECT_THAT(program.written(), HasSubstr("\x1b[35mviolet"));
}

TEST_P(ConnectCommandTest, TheServerGoesAway) {
  TerminalProgram program(arguments());
  Peer server = listener.accept();
  program.wait_for_lines({">"});
  program.type("half");
  program.wait_for_lines({"> half"});
  server.send("goodbye");
  server.close();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.screen().lines(), ElementsAre("goodbye", "connection closed by the server"));
  EXPECT_EQ(program.screen().column(), 0U) << "there the shell's prompt begins";
}

TEST_P(ConnectCommandTest, ControlDOnATerminal) {
  TerminalProgram program(arguments());
  Peer server = listener.accept();
  program.wait_for_lines({">"});
  program.type("\x04");
  EXPECT_EQ(server.receive_all(), "");
  server.send("goodbye\n");
  server.close();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.screen().lines(), ElementsAre("goodbye"));
}

TEST_P(ConnectCommandTest, ASignalLeavesTheCursorAtTheBeginOfALine) {
  TerminalProgram program(arguments());
  Peer server = listener.accept();
  program.wait_for_lines({">"});
  program.program().signal(SIGINT);
  server.close();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(program.screen().column(), 0U);
}

TEST_P(ConnectCommandTest, ATerminalThatCanNotMoveItsCursor) {
  TerminalProgram program(arguments(), 80, {"TERM=dumb"});
  Peer server = listener.accept();
  program.type("hello\n");
  EXPECT_EQ(server.receive(6), "hello\n");
  server.send("[now] \x1b[2J\n");
  program.wait_for_lines({"hello", "[now] ^[[2J"});
}

TEST_P(ConnectCommandTest, TypedAtATerminalAndPrintedToAPipe) {
  Pty pty = make_pty();
  set_canonical(pty.slave.get());
  Program program(command(), nullptr, pty.slave.get());
  Peer server = listener.accept();
  write_all(pty.master.get(), "hello\n");
  EXPECT_EQ(server.receive(6), "hello\n");
  server.send("[now] \x1b[2J\n");
  EXPECT_TRUE(program.wait_for_output("[now] \x1b[2J\n"));
  write_all(pty.master.get(), "\n");
  EXPECT_EQ(server.receive_all(), "");
  server.close();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(program.output(), "[now] \x1b[2J\n") << "no prompt, every byte";
}

TEST_P(ConnectCommandTest, StandardOutputIsAFile) {
  const std::string text = pattern(1000 * 1000);
  const std::string path = fresh_path("output");
  std::vector<std::string> words{"/bin/sh", "-c", "\"$@\" >" + path, "sh"};
  for (const std::string& word : command()) words.push_back(word);
  Program program(words);
  Peer server = listener.accept();
  server.send(text);
  server.close();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_TRUE(content(path) == text);
}

TEST_P(ConnectCommandTest, TheServerLeavesFirst) {
  Program program(command());
  Peer server = listener.accept();
  server.send("I am off\n");
  server.close();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(program.output(), "I am off\n");
}

TEST_P(ConnectCommandTest, ASignalEndsIt) {
  Program program(command());
  Peer server = listener.accept();
  server.send("hello\n");
  program.wait_for_output("hello\n");
  program.signal(SIGTERM);
  EXPECT_EQ(server.receive_all(), "");
  server.close();
  EXPECT_EQ(program.wait(), 0);
}

TEST_P(ConnectCommandTest, ASignalDoesNotLoseWhatWasTyped) {
  const std::string text = pattern(8 * 1000 * 1000);
  const UniqueFd file(::open(make_file(text).c_str(), O_RDONLY | O_CLOEXEC));
  Program program(command(), nullptr, file.get());
  Peer server = listener.accept();
  std::string got = server.receive(1);  // so it sends, to a server that reads no more
  program.signal(SIGTERM);
  std::thread reader([&] {
    got += server.receive_all();
    server.close();
  });
  EXPECT_EQ(program.wait(), 0);
  reader.join();
  const off_t typed = ::lseek(file.get(), 0, SEEK_CUR);  // what it has read: the position is shared
  EXPECT_LT(typed, static_cast<off_t>(text.size()));
  EXPECT_TRUE(got == text.substr(0, static_cast<std::size_t>(typed)));
  EXPECT_EQ(program.errors(), "");
}

TEST_P(ConnectCommandTest, NobodyThere) {
  const std::string nobody = refusing_address(GetParam().family).to_string();
  const auto [status, line] = failure_of({"connect", "--engine", GetParam().engine, nobody});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(line, HasSubstr("cannot connect to " + nobody + ": "));
}

TEST(ConnectCommand, AConnectionThatIsResetIsAFailure) {
  const Listener listener(Family::ipv4);
  Program program(bunshin({"connect", listener.address.to_string()}));
  Peer server = listener.accept();
  server.send("hello\n");
  program.wait_for_output("hello\n");
  server.reset();
  EXPECT_EQ(program.wait(), 1);
  EXPECT_THAT(program.errors(), ::testing::MatchesRegex("bunshin: the connection was lost: .*\n"));
}

TEST(ConnectCommand, UsageErrorsAreOneLineThatHelps) {
  const auto [status, line] = failure_of({"connect", "somewhere"});
  EXPECT_EQ(status, 2);
  EXPECT_THAT(line, HasSubstr("port"));
}

TEST(ConnectCommand, TalksToEcho) {
  Server server({"echo"});
  Program client(bunshin({"connect", server.address.to_string()}));
  client.send("abc\n");
  client.end_input();
  EXPECT_EQ(client.wait(), 0);
  EXPECT_EQ(client.output(), "abc\n");
}

}  // namespace
}  // namespace bunshin::testing
