#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace bunshin {

/// Puts commands of Julius' module mode together from lines. Most are one line; the line behind
/// INPUTONCHANGE or DELGRAM, the grammar behind ADDGRAM, are arguments, whatever they say, and
/// belong to the command: sent alone they would be commands. (msock_exec_command in
/// julius/module.c, 4.6.) A plain value, one a sender.
class JuliusCommandReader {
 public:
  /// A command may grow to so many bytes: a grammar of some 20,000 words.
  static constexpr std::size_t kLimit = std::size_t{1} << 20;

  /// Takes a line without its end; the command that it completes, its lines parted by "\n" and
  /// without an end. An empty line is none. Beyond the limit what was taken is dropped.
  std::optional<std::string> take(std::string_view line);
  /// Whether the lines of a command are still to come.
  [[nodiscard]] bool waits() const { return wanted_ != Wanted::command; }
  /// Commands that were longer than the limit.
  [[nodiscard]] std::size_t overlong() const { return overlong_; }

 private:
  enum class Wanted { command, line, words, grammar };
  static Wanted wanted_after(std::string_view command);
  [[nodiscard]] Wanted next_wanted(std::string_view line) const;

  std::string command_;
  Wanted wanted_ = Wanted::command;
  bool dropping_ = false;
  std::size_t overlong_ = 0;
};

}  // namespace bunshin
