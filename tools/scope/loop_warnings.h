#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "tools/scope/loop_recorder.h"

namespace bunshin {

/// Tells what is probably wrong with a handler, out of the events: as `warning`, and not the same
/// of the same handler again within ten seconds. In the reactor's thread.
class LoopWarnings final : public EventSink {
 public:
  /// A callback that takes longer keeps all others waiting.
  static constexpr Duration kSlow = std::chrono::milliseconds(10);
  /// A peer that takes nothing for so long, while bytes wait for it, does not read.
  static constexpr Duration kPatience = std::chrono::seconds(1);

  /// `recorder` must outlive it.
  explicit LoopWarnings(LoopRecorder& recorder);
  ~LoopWarnings();
  LoopWarnings(const LoopWarnings&) = delete;
  LoopWarnings& operator=(const LoopWarnings&) = delete;

  void event(const LoopEvent& event) override;
  /// Looks at what waits in a handler's buffer, and in the kernel behind it.
  void look(const WatchedHandler& its, std::size_t unsent, std::size_t high, bool kernel_has_some);

 private:
  void warn(const WatchedHandler& its, const char* kind, const std::string& text);

  LoopRecorder& recorder_;
  struct Blocked {
    std::uint64_t sent = 0;
    Duration since{};
  };
  std::map<std::uint64_t, Blocked> blocked_;  // by handler, while bytes wait for its peer
  std::map<std::pair<std::uint64_t, std::string>, Duration> told_;
  std::uint64_t called_ = 0;  // the handler whose callback runs and has done nothing yet
};

}  // namespace bunshin
