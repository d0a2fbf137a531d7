#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/unique_fd.h"

namespace bunshin::testing {

/// A program that runs beside the test, with pipes for its standard descriptors; killed when it
/// still runs at the end. Everything that waits fails the test after ten seconds. One thread.
class Program {
 public:
  /// `arguments` begin with the program's path. `folder`: where it runs. `input`: its standard
  /// input instead of a pipe.
  explicit Program(std::vector<std::string> arguments, const char* folder = nullptr,
                   int input = -1);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Waits until standard output, or standard error, holds `text`; false when that can not be any
  /// more.
  bool wait_for_output(std::string_view text);
  bool wait_for_errors(std::string_view text);
  /// Waits for its end: the exit status, or the negative number of the signal that ended it.
  int wait();

  /// Writes to its standard input; ends that.
  void send(std::string_view text);
  void end_input() { input_.reset(); }
  void signal(int number) const;

  /// What it has written so far.
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] const std::string& errors() const { return errors_; }
  /// What follows the first `label` in its output, up to the line's end; waits for it.
  std::string output_after(std::string_view label);

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  bool wait_for(const std::string& stream, std::string_view text);
  bool read_more(Deadline deadline);

  pid_t pid_ = -1;
  UniqueFd input_, output_pipe_, error_pipe_;
  std::string output_, errors_;
};

}  // namespace bunshin::testing
