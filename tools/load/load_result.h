#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/load/histogram.h"
#include "tools/load/load_options.h"
#include "tools/load/process_usage.h"

namespace bunshin {

/// What `bunshin load` found. Latencies are in nanoseconds.
struct LoadResult {
  LoadOptions options;
  std::string address;
  std::string engine;

  bool interrupted = false;          ///< ended before its time
  double seconds = 0;                ///< measured, really
  std::uint64_t messages = 0;        ///< answered in that time
  std::uint64_t total_messages = 0;  ///< answered since the start, warm-up included
  Histogram latency;                 ///< from the planned time to the answer, when there is a plan
  Histogram uncorrected;             ///< from the real time of sending; with a plan only
  Histogram lateness;                ///< how late the generator itself was; with a plan only
  std::uint64_t planned = 0;         ///< messages due in that time
  std::uint64_t unanswered = 0;      ///< of those, without an answer at the end
  std::uint64_t rounds = 0;          ///< of the generator's loop
  std::uint64_t idle_rounds = 0;     ///< of those, in which there was nothing to do
  ProcessUsage generator;
  std::optional<ProcessUsage> server;
  std::uint64_t server_memory_before = 0;  ///< in bytes, before the first connection
  std::uint64_t server_memory = 0;         ///< in bytes, with all connections

  [[nodiscard]] double messages_per_second() const;
  [[nodiscard]] double share_of_core(const ProcessUsage& usage) const;
  /// How much of its time the generator was at work, waiting and polling left out.
  [[nodiscard]] double generator_share() const;
  /// Nothing when the server was measured; else why it was the generator.
  [[nodiscard]] std::optional<std::string> limited_by_generator() const;

  /// For people, a few lines.
  [[nodiscard]] std::string to_text() const;
  /// For programs, one line; bench/README.md tells what each value means.
  [[nodiscard]] std::string to_json() const;
};

}  // namespace bunshin
