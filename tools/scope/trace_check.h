#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

namespace bunshin {

/// Checks a trace against what the Trace Event Format asks of the phases that are written here, and
/// against docs/events.md: slices end in the order opposite to their beginnings, arrows end that
/// have begun, events name handlers that were introduced. (What comes before the first round may
/// lack its beginning: the oldest may have been dropped.)
class TraceCheck {
 public:
  void take(const nlohmann::json& entry);
  /// The first thing that is wrong; empty when nothing is.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  /// "120 entries, 80 events in 10 rounds, 3 handlers"
  [[nodiscard]] std::string summary() const;

 private:
  [[nodiscard]] std::string fault_of(const nlohmann::json& entry);
  [[nodiscard]] std::string slice_fault(const nlohmann::json& entry, char phase);
  [[nodiscard]] std::string arrow_fault(const nlohmann::json& entry, char phase);
  [[nodiscard]] std::string event_fault(const nlohmann::json& event);

  std::string fault_;
  std::size_t entries_ = 0;
  std::size_t events_ = 0;
  std::size_t rounds_ = 0;
  std::map<std::int64_t, std::vector<std::string>> slices_;  // open, by track
  std::set<std::int64_t> arrows_;                            // begun
  std::int64_t first_arrow_ = INT64_MAX;
  std::set<std::int64_t> handlers_;  // introduced
};

}  // namespace bunshin
