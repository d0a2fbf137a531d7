#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/screen.h"
#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {

/// The program with all its standard descriptors on a terminal of its own, and what that shows.
/// Everything that waits fails the test after ten seconds. Main thread only.
class TerminalProgram {
 public:
  /// `environment`: NAME=value words; TERM is xterm and no colours are named unless they say so.
  TerminalProgram(std::vector<std::string> arguments, std::size_t columns = 80,
                  std::vector<std::string> environment = {});

  void type(std::string_view keys) { write_all(pty_.master.get(), keys); }
  /// Waits until these are the lines of the screen.
  void wait_for_lines(const std::vector<std::string>& lines);
  /// Waits until a line of the screen holds `text`.
  void wait_for_text(std::string_view text);
  /// The terminal is gone, and the program told of it as the kernel tells.
  void hang_up();
  /// Waits for its end, and takes what it has written until then.
  int wait();

  Program& program() { return program_; }
  [[nodiscard]] const Pty& terminal() const { return pty_; }
  [[nodiscard]] const Screen& screen() const { return screen_; }
  /// All that was written to the terminal.
  [[nodiscard]] const std::string& written() const { return written_; }

 private:
  template <typename Condition>
  void wait_until(Condition condition);
  bool read_more();

  Pty pty_;
  Screen screen_;
  std::string written_;
  Program program_;
};

}  // namespace bunshin::testing
