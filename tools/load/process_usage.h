#pragma once

#include <sys/types.h>

#include <cstdint>

namespace bunshin {

/// What a process has used since it began, all its threads together. Any thread.
struct ProcessUsage {
  double cpu_seconds = 0;     ///< exact to the nanosecond where the system says so
  double user_seconds = 0;    ///< these two are the system's estimate: on Linux sampled
  double kernel_seconds = 0;  ///< by ticks, so good to a few percent of a second

  static ProcessUsage of_self();
  /// Of another process. Linux only; throws std::system_error when there is no such process.
  static ProcessUsage of(pid_t process);
  /// What was used since `before`.
  [[nodiscard]] ProcessUsage since(const ProcessUsage& before) const;
};

/// Anonymous memory in use: heap, stacks, own mappings. 0 where the system does not say.
std::uint64_t anonymous_bytes(pid_t process);

}  // namespace bunshin
