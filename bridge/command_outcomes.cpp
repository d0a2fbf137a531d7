#include "bridge/command_outcomes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reactor/printable.h"

namespace bunshin {
namespace {

std::string why_not(Decision::Outcome outcome, std::string_view phrase) {
  switch (outcome) {
    case Decision::Outcome::no_rule:
      return fmt::format("There is no rule for \"{}\".", phrase);
    case Decision::Outcome::refused:
      return fmt::format("\"{}\" was not heard clearly enough.", phrase);
    case Decision::Outcome::cooling_down:
      return fmt::format("\"{}\" was obeyed a moment ago.", phrase);
    case Decision::Outcome::not_a_command:
    case Decision::Outcome::send:
      break;
  }
  return fmt::format("\"{}\" makes no command that the robot understands.", phrase);
}

}  // namespace

void CommandOutcomes::follow(Done done, const std::function<void()>& say) {
  next_ = std::move(done);
  say();
  next_ = nullptr;
}

void CommandOutcomes::heard(const Decision& decision) {
  phrase_ = printable(decision.phrase);
  if (!next_ || decision.outcome == Decision::Outcome::send) return;  // ordered() follows
  std::exchange(next_, nullptr)({false, why_not(decision.outcome, phrase_)});
}

/// Those of others count too: theirs may read the same.
void CommandOutcomes::ordered(std::string_view command) {
  waiting_.push_back({phrase_, std::string(command), std::exchange(next_, nullptr)});
}

void CommandOutcomes::answered(std::string_view command, std::string_view reply) {
  end(command, true, fmt::format("sent, and the robot answered {}", printable(reply)));
}
void CommandOutcomes::gave_up(std::string_view command, std::string_view reason) {
  end(command, false, fmt::format("given up: {}", reason));
}
void CommandOutcomes::dropped(std::string_view command, std::string_view reason) {
  end(command, false, fmt::format("dropped: {}", reason));
}
void CommandOutcomes::refused(std::string_view command, std::string_view reason) {
  end(command, false, fmt::format("refused: {}", reason));
}

void CommandOutcomes::end(std::string_view command, bool done, std::string_view how) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Waiting& one) { return one.command == command; });
  if (found == waiting_.end()) return;
  const Waiting ended = std::move(*found);
  waiting_.erase(found);
  if (!ended.done) return;
  ended.done({done, fmt::format("\"{}\": {} was {}.", ended.phrase, command, how)});
}

}  // namespace bunshin
