#include "bridge/simulated_lines.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

namespace bunshin {
namespace {

constexpr std::size_t kLongestLine = 256;

/// The line of "N7 G28*22" and its number; nothing when it came damaged.
std::optional<std::pair<std::uint32_t, std::string>> unframed(const LinesProfile& profile,
                                                              std::string_view line) {
  const std::size_t space = line.find(' ');
  const std::size_t star = line.rfind('*');
  if (line.empty() || line.front() != 'N' || space == line.npos || star == line.npos ||
      star < space) {
    return std::nullopt;
  }
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(line.data() + 1, line.data() + space, number);
  if (error != std::errc() || end != line.data() + space) return std::nullopt;
  std::string command(line.substr(space + 1, star - space - 1));
  const std::string whole = framed_line(profile, command, number);
  if (whole.substr(0, whole.size() - profile.terminator.size()) != line) return std::nullopt;
  return std::pair(number, std::move(command));
}

}  // namespace

SimulatedLines::SimulatedLines(Reactor& reactor, PseudoTerminal terminal, LinesProfile profile,
                               Words words)
    : FileDispatcher(reactor, std::move(terminal.master)),
      terminal_(std::move(terminal)),
      profile_(std::move(profile)),
      words_(std::move(words)) {
  if (!words_.greeting.empty()) say(words_.greeting);
}

void SimulatedLines::handle_read() {
  for (const char byte : recv(4096)) {
    if (profile_.stop.size() == 1 && byte == profile_.stop.front()) {
      if (on_line_) on_line_(profile_.stop);
    } else if (byte == '\n' || byte == '\r') {
      const std::string line = std::exchange(line_, {});
      if (!line.empty()) take_line(line);
    } else if (line_.size() < kLongestLine) {
      line_.push_back(byte);
    }
  }
}

void SimulatedLines::take_line(std::string_view line) {
  if (profile_.checksum == LinesProfile::Checksum::marlin) return take_numbered(line);
  carry_out(line);
}

/// M110 says from where the lines are counted; the "ok" behind a Resend is Marlin's.
void SimulatedLines::take_numbered(std::string_view line) {
  const auto numbered = unframed(profile_, line);
  const bool begins = numbered && numbered->second.substr(0, 4) == "M110";
  if (!numbered || (!begins && numbered->first != last_ + 1)) {
    say(fmt::format("Error:checksum mismatch, Last Line: {}", last_));
    say(fmt::format("Resend: {}", last_ + 1));
    return say("ok");
  }
  last_ = numbered->first;
  carry_out(numbered->second);
}

void SimulatedLines::carry_out(std::string_view line) {
  if ('a' <= line.front() && line.front() <= 'z') return say(words_.error);
  if (on_line_) on_line_(line);
  say(words_.ok);
}

void SimulatedLines::say(std::string_view line) { send(std::string(line) + "\r\n"); }

}  // namespace bunshin
