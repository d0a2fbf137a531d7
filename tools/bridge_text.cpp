#include "tools/bridge_text.h"

#include <fmt/format.h>

#include <array>

#include "reactor/printable.h"

namespace bunshin {

namespace {

constexpr std::array<const char*, 10> kMotions = {
    "stands still",         "walks forward",
    "walks backward",       "turns right",
    "turns left",           "waves both hands",
    "waves its right hand", "grips with its hands",
    "waves its left hand",  "reaches out with its right hand"};

/// The nearest of the eight colours that red, green and blue make when they are on or off.
const char* colour_name(const RapiroView::Colour& eyes) {
  constexpr std::array<const char*, 8> kNames = {"dark", "red",    "green", "yellow",
                                                 "blue", "purple", "cyan",  "white"};
  std::size_t index = 0;
  for (std::size_t part = 0; part < eyes.size(); ++part) {
    if (eyes[part] >= 64) index |= std::size_t{1} << part;
  }
  return kNames[index];
}

std::string doing(const RapiroView& robot) {
  if (robot.frozen) return "is stuck in the middle of a command";
  if (!robot.posing) return kMotions.at(static_cast<std::size_t>(robot.motion));
  return robot.remaining.count() > 0 ? "fades to a pose" : "holds its pose";
}

}  // namespace

std::string decision_text(const Decision& decision) {
  std::string text = fmt::format("\"{}\"", printable(decision.phrase));
  if (decision.confidence) text += fmt::format(", confidence {:.3f}", *decision.confidence);
  switch (decision.outcome) {
    case Decision::Outcome::no_rule:
      return text + ": no rule for it";
    case Decision::Outcome::refused:
      return text + fmt::format(": refused, below {:.3f} (\"{}\")", decision.required,
                                printable(decision.weakest_word));
    case Decision::Outcome::send:
      return text + fmt::format(": rule \"{}\", {}", decision.rule->words, decision.rule->send);
  }
  return text;
}

std::string robot_text(const RapiroView& robot, bool colour) {
  const auto& [red, green, blue] = robot.eyes;
  std::string eyes = "(o o)";
  if (colour) eyes = fmt::format("\x1b[38;2;{};{};{}m(● ●)\x1b[0m", red, green, blue);
  return fmt::format("{} eyes {}, {}", eyes, colour_name(robot.eyes), doing(robot));
}

}  // namespace bunshin
