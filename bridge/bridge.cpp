#include "bridge/bridge.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace bunshin {
namespace {

RapiroQueue::Limits limits_of(const RobotConfig& config) {
  RapiroQueue::Limits limits;
  limits.max_age = config.max_age;
  limits.coalesce = config.coalesce;
  return limits;
}

RapiroDriver& open_robot(Reactor& reactor, const BridgeConfig& config, BridgeObserver& observer,
                         AtStart at_start) {
  auto robot =
      std::make_unique<RapiroDriver>(reactor, config.serial, observer, limits_of(config.robot));
  robot->begin(at_start);
  return reactor.adopt(std::move(robot));
}

}  // namespace

Bridge::Bridge(Reactor& reactor, const BridgeConfig& config, BridgeObserver& observer,
               Backoff::Limits retry, AtStart at_start)
    : JuliusClient(reactor, Endpoint::parse(config.julius.address), config.julius.encoding, retry),
      rules_(config.rules, config.min_confidence),
      observer_(observer),
      robot_(open_robot(reactor, config, observer, at_start)) {}

void Bridge::configure(const BridgeConfig& config) {
  if (finishing()) return;
  const Endpoint julius = Endpoint::parse(config.julius.address);
  set_encoding(config.julius.encoding);
  rules_ = RuleSet(config.rules, config.min_confidence);
  use(julius);
  robot_.use(config.serial);
  robot_.set_limits(limits_of(config.robot));
}

std::vector<std::string> Bridge::status() const {
  if (finishing()) return {"ending"};
  return {
      fmt::format("Julius at {}: {}, {} messages skipped, {} damaged", endpoint().to_string(),
                  connected() ? "connected" : "away", skipped(), damaged()),
      robot_.status() + fmt::format(", {} commands wait", robot_.waiting()),
  };
}

void Bridge::handle_disconnected() {
  JuliusClient::handle_disconnected();
  observer_.engine_lost();
}

void Bridge::handle_message(const JuliusMessage& message) {
  observer_.message(message);
  if (message.kind == JuliusKind::recogfail || message.kind == JuliusKind::rejected) {
    observer_.not_understood(message);
  }
  const JuliusHypothesis* hypothesis = message.final_hypothesis();
  if (hypothesis == nullptr) return;  // a guess may yet change its mind
  const Decision decision = rules_.decide(*hypothesis);
  observer_.heard(decision);
  if (decision.outcome == Decision::Outcome::send) robot_.command(decision.rule->send);
}

}  // namespace bunshin
