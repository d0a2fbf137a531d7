#include "bridge/bridge.h"

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <utility>

#include "bridge/spoken_text.h"
#include "reactor/log.h"
#include "reactor/printable.h"

namespace bunshin {
namespace {

CommandQueue::Habits habits_of(const RobotConfig& config) {
  return {config.max_age, config.coalesce};
}

MutedRobot& open_robot(Reactor& reactor, const BridgeConfig& config, BridgeObserver& observer,
                       AtStart at_start) {
  const auto make = [&config](RobotObserver& next) {
    return make_command_queue(config.robot.lines, habits_of(config.robot), next);
  };
  auto robot = std::make_unique<MutedRobot>(reactor, config.serial, observer, make);
  robot->begin(at_start);
  return reactor.adopt(std::move(robot));
}

RuleSet rules_of(const BridgeConfig& config) {
  return {config.rules, config.min_confidence, config.julius.ignore,
          command_check(config.robot.lines)};
}

}  // namespace

Bridge::Bridge(Reactor& reactor, const BridgeConfig& config, BridgeObserver& observer,
               Backoff::Limits retry, AtStart at_start)
    : JuliusClient(reactor, Endpoint::parse(config.julius.address), config.julius.encoding, retry),
      rules_(rules_of(config)),
      settings_(config.robot),
      recognisers_(config.julius.recogniser),
      observer_(observer),
      robot_(open_robot(reactor, config, observer, at_start)) {}

void Bridge::configure(const BridgeConfig& config) {
  if (finishing()) return;
  if (config.robot.lines != settings_.lines) {
    throw std::invalid_argument(
        "robot.protocol, and what belongs to it, does not change while the bridge runs: start it "
        "again");
  }
  const Endpoint julius = Endpoint::parse(config.julius.address);
  RuleSet rules = rules_of(config);
  set_encoding(config.julius.encoding);
  rules_ = std::move(rules);
  settings_ = config.robot;
  recognisers_ = Recognisers(config.julius.recogniser);
  use(julius);
  robot_.use(config.serial);
  robot_.set_habits(habits_of(config.robot));
}

std::vector<std::string> Bridge::status() const {
  if (finishing()) return {"ending"};
  return {
      fmt::format("Julius at {}: {}, {} messages skipped, {} damaged", endpoint().to_string(),
                  state_text(), skipped(), damaged()),
      robot_.status() + fmt::format(", {} commands wait", robot_.waiting()),
  };
}

void Bridge::handle_message(const JuliusMessage& message) {
  observer_.message(message);
  if (!last_sent_.empty() && settings_.on_silence) silence_timer_.arm(settings_.on_silence->after);
  if (passes_.finds_one_pass(message)) {
    log(LogLevel::warning,
        "Julius gives first-pass results only, and none of them moves the robot: start it without "
        "-1pass");
  }
  if (!recognisers_.counts(message)) {
    if (const auto complaint = recognisers_.take_complaint()) {
      log(LogLevel::warning, "{}", printable(*complaint));
    }
    return;
  }
  if (message.kind == JuliusKind::recogfail || message.kind == JuliusKind::rejected) {
    observer_.not_understood(message);
  }
  // A guess may yet change its mind.
  if (const auto* hypothesis = message.final_hypothesis()) decide(message, *hypothesis);
}

void Bridge::decide(const JuliusMessage& message, const JuliusHypothesis& hypothesis) {
  const TimePoint now = reactor().now();
  if (recognisers_.heard_already(message, phrase_of(hypothesis, rules_.ignored()), now)) return;
  act(rules_.decide(hypothesis, now));
}

void Bridge::hear_text(std::string_view text) {
  if (finishing()) return;
  act(rules_.decide(hypothesis_of(text, rules_.rules()), reactor().now()));
}

void Bridge::act(const Decision& decision) {
  observer_.heard(decision);
  if (decision.outcome == Decision::Outcome::send) order(decision.command);
}

void Bridge::handle_disconnected() {
  passes_ = PassWatch();
  JuliusClient::handle_disconnected();
  observer_.engine_lost();
}

void Bridge::order(const std::string& command) {
  if (finishing()) return;
  last_sent_ = command;
  if (settings_.on_silence) silence_timer_.arm(settings_.on_silence->after);
  if (settings_.mute_while_moving) {
    mute();
    robot_.moving.moves(reactor().now() + settings_.mute_at_most);
    look_timer_.arm(MovingMute::kPoll);
  }
  hand_over(command);
}

void Bridge::hand_over(const std::string& command) {
  observer_.ordered(command);
  robot_.command(command);
}

/// Whether the robot still moves; when not, the engine may listen.
void Bridge::look() {
  if (finishing()) return;
  if (robot_.moving.moving(reactor().now())) {
    if (!settings_.lines && robot_.moving.look()) robot_.command("#Q");
  } else {
    unmute();
    if (!muted()) return;  // else there was no room for the command
  }
  look_timer_.arm(MovingMute::kPoll);
}

void Bridge::silent() {
  const auto& safe = settings_.on_silence;
  if (finishing() || !safe || last_sent_ == safe->send) return;
  log(LogLevel::info, "Julius has said nothing for {} ms: {} is sent", safe->after.count(),
      safe->send);
  last_sent_ = safe->send;
  hand_over(safe->send);
}

}  // namespace bunshin
