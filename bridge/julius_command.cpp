#include "bridge/julius_command.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bunshin {
namespace {

constexpr std::array<std::string_view, 10> kWithLine = {
    "INPUTONCHANGE", "DELGRAM", "ACTIVATEGRAM",   "DEACTIVATEGRAM",  "ADDPROCESS",
    "DELPROCESS",    "ADDWORD", "CURRENTPROCESS", "ACTIVATEPROCESS", "DEACTIVATEPROCESS"};

}  // namespace

/// Only the commands that take a grammar may carry its name on their own line.
JuliusCommandReader::Wanted JuliusCommandReader::wanted_after(std::string_view command) {
  for (const std::string_view grammar : {"ADDGRAM", "CHANGEGRAM"}) {
    if (command.substr(0, grammar.size()) == grammar) return Wanted::grammar;
  }
  const bool known = std::find(kWithLine.begin(), kWithLine.end(), command) != kWithLine.end();
  return known ? Wanted::line : Wanted::command;
}

JuliusCommandReader::Wanted JuliusCommandReader::next_wanted(std::string_view line) const {
  switch (wanted_) {
    case Wanted::command:
      return wanted_after(line);
    case Wanted::line:  // the words for ADDWORD follow those of the grammar they are for
      return command_ == "ADDWORD" ? Wanted::words : Wanted::command;
    case Wanted::words:
    case Wanted::grammar:  // "DFAEND" ends its first half
      return line == "DICEND" ? Wanted::command : wanted_;
  }
  return Wanted::command;
}

std::optional<std::string> JuliusCommandReader::take(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (wanted_ == Wanted::command && line.empty()) return std::nullopt;
  const bool first = wanted_ == Wanted::command;
  const Wanted next = next_wanted(line);
  if (command_.size() + line.size() + 1 > kLimit && !std::exchange(dropping_, true)) {
    ++overlong_;
    command_ = {};
  }
  if (!dropping_) {
    if (!first) command_.push_back('\n');
    command_.append(line);
  }
  wanted_ = next;
  if (wanted_ != Wanted::command) return std::nullopt;
  std::string whole = std::exchange(command_, {});
  if (std::exchange(dropping_, false)) return std::nullopt;
  return whole;
}

}  // namespace bunshin
