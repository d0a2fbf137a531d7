#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "bridge/julius_message.h"

namespace bunshin {

/// Chooses among the results of an engine with several recognisers (-SR), which carry ID= and
/// NAME=. Does no I/O and looks at no clock. One a connection's bridge, in its thread.
class Recognisers {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  /// Two that hear the same are done with it within so long of each other.
  static constexpr std::chrono::milliseconds kMoment{1000};

  /// `wanted`: the name of the only one that counts; empty: all do.
  explicit Recognisers(std::string wanted = {}) : wanted_(std::move(wanted)) {}

  /// Whether the message, if it is of one of them, is of one that counts.
  bool counts(const JuliusMessage& message);
  /// Whether another one has said the same words a moment ago.
  bool heard_already(const JuliusMessage& message, std::string_view phrase, TimePoint now);
  /// Once, when the one that is wanted has not been heard of and others have: which those are.
  std::optional<std::string> take_complaint();

 private:
  std::string wanted_;
  std::set<std::string, std::less<>> others_;
  bool seen_ = false;  // the one that is wanted
  bool told_ = false;
  std::string last_phrase_;
  std::string last_id_;
  TimePoint last_time_{};
};

}  // namespace bunshin
