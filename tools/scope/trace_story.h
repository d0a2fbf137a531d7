#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/timers.h"

namespace bunshin {

/// What of a trace is told.
struct StoryFilter {
  std::string handler;     ///< "#5", or a part of "EchoHandler #5 127.0.0.1:40000"; empty: all
  Duration slower_than{};  ///< only callbacks that took at least so long; 0: all
  bool errors = false;     ///< only what went wrong
  [[nodiscard]] bool any() const {
    return !handler.empty() || slower_than > Duration::zero() || errors;
  }
};

/// Tells the events of a trace as a story, round by round, in lines. With a filter, only those
/// rounds in which something of it happened.
class TraceStory {
 public:
  TraceStory(StoryFilter filter, std::function<void(std::string_view line)> print)
      : filter_(std::move(filter)), print_(std::move(print)) {}

  /// The next entry of the file. What stands in it may be anything.
  void take(const nlohmann::json& entry);
  /// There is no more.
  void end() { end_round(); }
  /// How many there were, told or not.
  [[nodiscard]] std::size_t events() const { return events_; }

 private:
  struct Frame {  // a callback that runs
    std::uint64_t handler;
    std::string callback;
    std::string name;
    std::vector<std::string> did;
    std::size_t line;  // where it is told: before what happens in it
    bool failed = false;
  };
  void take_event(const nlohmann::json& event);
  void take_round(const nlohmann::json& event);
  void take_waited(const nlohmann::json& event);
  void take_opened(const nlohmann::json& event);
  void take_closing(const nlohmann::json& event);
  void take_begins(const nlohmann::json& event);
  void take_did(const nlohmann::json& event);
  void take_ends(const nlohmann::json& event);
  void take_log(const nlohmann::json& event);
  void take_line(const std::string& name, const nlohmann::json& event);
  void tell(std::uint64_t handler, std::string line, bool wrong, Duration took = {});
  void tell_at(std::size_t place, std::string line);
  void end_round();
  [[nodiscard]] std::string name_of(std::uint64_t handler) const;
  [[nodiscard]] bool wanted(std::uint64_t handler, bool wrong, Duration took) const;

  const StoryFilter filter_;
  const std::function<void(std::string_view line)> print_;
  std::map<std::uint64_t, std::string> names_;
  std::vector<Frame> running_;
  std::string round_;  // the line that heads it
  bool in_round_ = false;
  std::vector<std::string> lines_;  // of the round
  std::int64_t round_began_ = 0;
  std::size_t events_ = 0;
};

}  // namespace bunshin
