#include "tools/bridge_signals.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "reactor/log.h"
#include "reactor/printable.h"

namespace bunshin {

namespace {

/// Null when it has ended already.
BridgeControl* find_bridge(Reactor& reactor) {
  BridgeControl* found = nullptr;
  reactor.for_each([&](EventHandler& handler) {
    if (auto* bridge = dynamic_cast<BridgeControl*>(&handler)) found = bridge;
  });
  return found;
}

const Rule* find_rule(const std::vector<Rule>& rules, const Rule& like) {
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const Rule& rule) { return rule.name() == like.name(); });
  return found == rules.end() ? nullptr : &*found;
}

/// "2 new, 1 different, 0 gone"; empty when they are the same.
std::string rule_changes(const std::vector<Rule>& before, const std::vector<Rule>& after) {
  std::size_t added = 0;
  std::size_t different = 0;
  for (const Rule& rule : after) {
    const Rule* old = find_rule(before, rule);
    if (old == nullptr) ++added;
    if (old != nullptr && *old != rule) ++different;
  }
  const std::size_t gone = before.size() + added - after.size();
  if (added + different + gone == 0) return {};
  return fmt::format("rules: {} new, {} different, {} gone", added, different, gone);
}

/// One line each.
std::vector<std::string> changes(const BridgeConfig& before, const BridgeConfig& after) {
  std::vector<std::string> lines;
  const auto compare = [&](std::string_view key, const auto& old, const auto& fresh) {
    if (old != fresh) lines.push_back(fmt::format("{}: {} instead of {}", key, fresh, old));
  };
  compare("min_confidence", before.min_confidence, after.min_confidence);
  compare("julius.address", before.julius.address, after.julius.address);
  compare("julius.encoding", before.julius.encoding, after.julius.encoding);
  compare("serial.device", before.serial.device, after.serial.device);
  compare("julius.recogniser", before.julius.recogniser, after.julius.recogniser);
  compare("julius.ignore", fmt::format("{}", fmt::join(before.julius.ignore, " ")),
          fmt::format("{}", fmt::join(after.julius.ignore, " ")));
  compare("serial.baud", before.serial.baud, after.serial.baud);
  compare("share.listen", before.share.listen, after.share.listen);
  compare("share.allow_control", before.share.allow_control, after.share.allow_control);
  compare("serial.hupcl", before.serial.hupcl, after.serial.hupcl);
  compare("serial.settle in ms", before.serial.settle.count(), after.serial.settle.count());
  if (before.robot != after.robot) lines.emplace_back("robot: other settings");
  std::string rules = rule_changes(before.rules, after.rules);
  if (!rules.empty()) lines.push_back(std::move(rules));
  return lines;
}

void read_again(Reactor& reactor, BridgeSignals& signals) {
  BridgeControl* bridge = find_bridge(reactor);
  if (bridge == nullptr) return;
  try {
    BridgeConfig fresh = signals.read();
    const std::vector<std::string> lines = changes(signals.config, fresh);
    for (const std::string& line : lines) log(LogLevel::info, "{}", printable(line));
    if (signals.services != nullptr) signals.services->configure(fresh);
    bridge->configure(fresh);
    signals.config = std::move(fresh);
    log(LogLevel::info, "the configuration was read again{}",
        lines.empty() ? ": nothing has changed" : "");
  } catch (const std::exception& error) {
    log(LogLevel::error, "{}; the configuration stays as it was", error.what());
  }
}

void tell(Reactor& reactor, const BridgeSignals& signals) {
  const BridgeControl* bridge = find_bridge(reactor);
  if (bridge == nullptr) return;
  for (const BridgeControl* told : {bridge, static_cast<const BridgeControl*>(signals.services)}) {
    if (told == nullptr) continue;
    for (const std::string& line : told->status()) log(LogLevel::info, "{}", line);
  }
  if (signals.counts) log(LogLevel::info, "{}", signals.counts());
}

}  // namespace

void watch_bridge_signals(Reactor& reactor, BridgeSignals signals) {
  auto shared = std::make_shared<BridgeSignals>(std::move(signals));
  reactor.on_signal(SIGHUP, [&reactor, shared] { read_again(reactor, *shared); });
  reactor.on_signal(SIGUSR1, [&reactor, shared] { tell(reactor, *shared); });
}

}  // namespace bunshin
