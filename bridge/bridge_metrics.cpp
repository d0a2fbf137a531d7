#include "bridge/bridge_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reactor/log.h"

namespace bunshin {
namespace {

/// A command takes 2 ms on the line and a robot some 10 ms to answer; it is given up after 4 s.
constexpr std::array kReplyBounds = {0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0};
/// What an engine may say is bounded by us: a forged stream has as many elements as it likes.
constexpr std::size_t kMostKinds = 32;

/// What is asked of our own accord, many times a second while it moves.
bool is_question(std::string_view command) { return command == "#C" || command == "#Q"; }

double number(std::uint64_t count) { return static_cast<double>(count); }

}  // namespace

BridgeMetrics::BridgeMetrics(Reactor& reactor) : reactor_(reactor), reply_(kReplyBounds) {}

void BridgeMetrics::message(const JuliusMessage& message) {
  const bool known = messages_.contains(message.tag);
  ++messages_[known || messages_.size() < kMostKinds ? message.tag : "others"];
}

void BridgeMetrics::heard(const Decision& decision) {
  const std::string rule = decision.rule == nullptr ? "" : decision.rule->name();
  ++phrases_[{rule, outcome_name(decision.outcome)}];
  if (decision.outcome == Decision::Outcome::send) rule_ = rule;
}

/// What no rule has asked for came over the network.
void BridgeMetrics::ordered(std::string_view command) {
  rule_of_.emplace_back(command, std::exchange(rule_, {}));
}

void BridgeMetrics::sent(std::string_view command) {
  if (!is_question(command)) sent_at_ = reactor_.now();
}

void BridgeMetrics::answered(std::string_view command, std::string_view /*reply*/) {
  if (is_question(command)) return;
  if (sent_at_) reply_.add(reactor_.now() - *std::exchange(sent_at_, std::nullopt));
  count(command, "answered");
}

void BridgeMetrics::retrying(std::string_view, std::string_view) { ++retries_; }
void BridgeMetrics::gave_up(std::string_view command, std::string_view) {
  count(command, "given_up");
}
void BridgeMetrics::dropped(std::string_view command, std::string_view) {
  count(command, "dropped");
}
void BridgeMetrics::refused(std::string_view command, std::string_view) {
  count(command, "refused");
}

/// Those that read the same end in their order.
void BridgeMetrics::count(std::string_view command, const char* outcome) {
  const auto order = std::find_if(rule_of_.begin(), rule_of_.end(),
                                  [&](const auto& one) { return one.first == command; });
  if (order == rule_of_.end()) return;  // the queue's own
  ++commands_[{order->second, outcome}];
  rule_of_.erase(order);
}

std::uint64_t BridgeMetrics::total(std::string_view outcome) const {
  std::uint64_t sum = 0;
  for (const auto& [key, count] : commands_) {
    if (key.second == outcome) sum += count;
  }
  return sum;
}

std::string BridgeMetrics::summary() const {
  return fmt::format("{} commands carried out, {} given up or dropped", total("answered"),
                     total("given_up") + total("dropped") + total("refused"));
}

void BridgeMetrics::write(PrometheusText& text) const {
  text.counter("bunshin_julius_connects_total", "Connections made to the engine.",
               number(connects_));
  text.counter("bunshin_julius_messages_total", "Messages of the engine, by element.");
  for (const auto& [tag, count] : messages_) text.sample(number(count), {{"element", tag}});
  text.counter("bunshin_phrases_total",
               "Phrases heard, by rule and by what it made of them: send, refused for lack of "
               "confidence, cooling_down, not_a_command, no_rule.");
  for (const auto& [key, count] : phrases_) {
    text.sample(number(count), {{"rule", key.first}, {"outcome", key.second}});
  }
  text.counter("bunshin_commands_total",
               "Commands for the robot, by rule and by their end: answered, given_up, dropped, "
               "refused.");
  for (const auto& [key, count] : commands_) {
    text.sample(number(count), {{"rule", key.first}, {"outcome", key.second}});
  }
  text.counter("bunshin_command_retries_total", "Commands sent once more.", number(retries_));
  text.histogram("bunshin_reply_seconds", "From a command's last sending to the robot's answer.",
                 reply_);
  text.counter("bunshin_log_lines_lost_total", "Lines of the log that nobody took.",
               number(log_lines_lost()));
}

}  // namespace bunshin
