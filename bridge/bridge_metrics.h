#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bridge/bridge.h"
#include "bridge/prometheus_text.h"

namespace bunshin {

/// Counts what a bridge has done since it began. One of its observers; in the reactor's thread.
class BridgeMetrics : public BridgeObserver {
 public:
  /// `reactor`: whose clock it reads. It outlives this.
  explicit BridgeMetrics(Reactor& reactor);

  void write(PrometheusText& text) const;
  /// What was done, in a few words.
  [[nodiscard]] std::string summary() const;

  void engine_connected() override { ++connects_; }
  void message(const JuliusMessage& message) override;
  void heard(const Decision& decision) override;
  void ordered(std::string_view command) override;
  void sent(std::string_view command) override;
  void answered(std::string_view command, std::string_view reply) override;
  void retrying(std::string_view command, std::string_view reason) override;
  void gave_up(std::string_view command, std::string_view reason) override;
  void dropped(std::string_view command, std::string_view reason) override;
  void refused(std::string_view command, std::string_view reason) override;

 private:
  using Pair = std::pair<std::string, std::string>;
  void count(std::string_view command, const char* outcome);
  [[nodiscard]] std::uint64_t total(std::string_view outcome) const;

  Reactor& reactor_;
  std::uint64_t connects_ = 0;
  std::uint64_t retries_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> messages_;  // by element
  std::map<Pair, std::uint64_t> phrases_;                       // by rule and outcome
  std::string rule_;  // that makes the command which is handed over next
  std::deque<std::pair<std::string, std::string>>
      rule_of_;                             // by command, those that have not ended
  std::map<Pair, std::uint64_t> commands_;  // by rule and outcome
  std::optional<TimePoint> sent_at_;        // of the command in flight
  DurationHistogram reply_;
};

}  // namespace bunshin
