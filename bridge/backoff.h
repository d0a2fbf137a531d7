#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace bunshin {

/// How long to wait before the next try: exponential with full jitter, so that many who lost the
/// same peer do not all come back at once. A plain value; one a connection.
class Backoff {
 public:
  struct Limits {
    std::chrono::milliseconds first{500};  // ceiling of the first delay; doubles with each
    std::chrono::milliseconds cap{30'000};
    /// Not zero: on loopback a refused connect fails at once, and jitter near 0 would be a spin.
    std::chrono::milliseconds floor{50};
  };

  /// REQUIRES: 0 < floor <= first <= cap. The seed decides the jitter: tests repeat it.
  Backoff(Limits limits, std::uint64_t seed);

  std::chrono::nanoseconds next();
  /// The peer was there: the next failure starts from the beginning.
  void reset() { ceiling_ = limits_.first; }

 private:
  Limits limits_;
  std::chrono::milliseconds ceiling_;
  std::mt19937_64 random_;
};

}  // namespace bunshin
