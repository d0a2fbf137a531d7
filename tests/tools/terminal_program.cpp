#include "tests/tools/terminal_program.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <chrono>

namespace bunshin::testing {

namespace {

using std::chrono::steady_clock;

Pty make_terminal(std::size_t columns) {
  Pty pty = make_pty();
  termios settings{};
  EXPECT_EQ(::tcgetattr(pty.slave.get(), &settings), 0);
  settings.c_iflag |= ICRNL;
  settings.c_oflag |= OPOST | ONLCR;
  settings.c_lflag |= ICANON | ISIG | ECHO | ECHOCTL;
  settings.c_cc[VINTR] = 3;
  settings.c_cc[VEOF] = 4;
  EXPECT_EQ(::tcsetattr(pty.slave.get(), TCSANOW, &settings), 0);
  const winsize size{
      .ws_row = 24, .ws_col = static_cast<unsigned short>(columns), .ws_xpixel = 0, .ws_ypixel = 0};
  EXPECT_EQ(::ioctl(pty.slave.get(), TIOCSWINSZ, &size), 0);
  return pty;
}

/// Through a shell, which opens the terminal for all three.
std::vector<std::string> on_terminal(const std::string& path, std::vector<std::string> arguments,
                                     std::vector<std::string> environment) {
  std::vector<std::string> words{"/usr/bin/env", "-u", "COLORTERM", "-u", "NO_COLOR", "TERM=xterm"};
  for (std::string& word : environment) words.push_back(std::move(word));
  for (const std::string& word : {std::string("/bin/sh"), std::string("-c"),
                                  "exec \"$0\" \"$@\" <" + path + " >" + path + " 2>" + path}) {
    words.push_back(word);
  }
  for (std::string& word : bunshin(std::move(arguments))) words.push_back(std::move(word));
  return words;
}

}  // namespace

TerminalProgram::TerminalProgram(std::vector<std::string> arguments, std::size_t columns,
                                 std::vector<std::string> environment)
    : pty_(make_terminal(columns)),
      screen_(columns),
      program_(on_terminal(pty_.slave_path, std::move(arguments), std::move(environment))) {}

bool TerminalProgram::read_more() {
  pollfd entry{pty_.master.get(), POLLIN, 0};
  if (::poll(&entry, 1, 10) != 1) return false;
  const std::string some = read_some(pty_.master.get());
  written_ += some;
  screen_.write(some);
  return !some.empty();
}

template <typename Condition>
void TerminalProgram::wait_until(Condition condition) {
  const auto deadline = steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    read_more();
    if (steady_clock::now() < deadline) continue;
    ADD_FAILURE() << "it did not come: " << ::testing::PrintToString(screen_.lines());
    return;
  }
}

void TerminalProgram::wait_for_lines(const std::vector<std::string>& lines) {
  wait_until([&] { return screen_.lines() == lines; });
  EXPECT_EQ(screen_.lines(), lines);
}

void TerminalProgram::wait_for_text(std::string_view text) {
  wait_until([&] {
    const std::vector<std::string> lines = screen_.lines();
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.find(text) != line.npos; });
  });
}

void TerminalProgram::hang_up() {
  pty_ = Pty();
  program_.signal(SIGHUP);
}

int TerminalProgram::wait() {
  const int status = program_.wait();
  while (read_more()) {
  }
  return status;
}

}  // namespace bunshin::testing
