#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "reactor/host.h"
#include "tools/scope/loop_recorder.h"
#include "tools/scope/loop_warnings.h"

namespace bunshin {

/// Measures what no event tells: what waits for each handler, in its own buffer and in the
/// kernel's. In the reactor's thread, not from an observer.
class LoopSampler {
 public:
  static constexpr Duration kInterval = std::chrono::milliseconds(250);
  /// So many handlers are looked at each time: those that were active last.
  static constexpr std::size_t kMost = 256;

  LoopSampler(LoopRecorder& recorder, LoopWarnings& warnings)
      : recorder_(recorder), warnings_(warnings) {}

  /// Looks, warns, and tells a `sample`.
  void sample();
  /// The handlers as a list of JSON objects: what `opened` says of each, and what a sample does.
  [[nodiscard]] std::string handlers_json();

 private:
  struct Waiting {
    std::size_t unsent = 0;
    std::size_t high = 0;  // its watermark; 0: none
    KernelQueues kernel;
  };
  [[nodiscard]] Waiting look(const WatchedHandler& its) const;
  [[nodiscard]] std::vector<WatchedHandler*> most_active();
  [[nodiscard]] std::string numbers(const WatchedHandler& its, const Waiting& waiting) const;
  [[nodiscard]] std::string calls_a_message();

  LoopRecorder& recorder_;
  LoopWarnings& warnings_;
  LoopRecorder::Calls before_;
};

}  // namespace bunshin
