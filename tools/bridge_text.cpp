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
    case Decision::Outcome::cooling_down:
      return text + fmt::format(": obeyed less than {} ms ago", decision.rule->cool_down.count());
    case Decision::Outcome::not_a_command:
      return text + fmt::format(": rule \"{}\" makes \"{}\" of it, which is no command",
                                printable(decision.rule->name()), printable(decision.command));
    case Decision::Outcome::send:
      return text + fmt::format(": rule \"{}\", {}", printable(decision.rule->name()),
                                printable(decision.command));
  }
  return text;
}

std::string robot_text(const RapiroView& robot, Colours colours) {
  const auto& [red, green, blue] = robot.eyes;
  std::string eyes = "(o o)";
  if (colours != Colours::none) {
    eyes = fmt::format("{}(● ●){}", colour_code(colours, red, green, blue), colour_end(colours));
  }
  return fmt::format("{} eyes {}, {}", eyes, colour_name(robot.eyes), doing(robot));
}

bool RobotChanges::notice(const RapiroView& robot, Duration nearly) {
  // When a frame or a fade is nearly over the eyes have their colour.
  if (robot.remaining > (robot.posing ? Duration::zero() : nearly)) return false;
  // Each motion has its own colour, which its frames fade.
  std::string now = robot.posing ? robot_text(robot, Colours::none) : std::to_string(robot.motion);
  const bool changed = now != shown_;
  shown_ = std::move(now);
  return changed;
}

}  // namespace bunshin
