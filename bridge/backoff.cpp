#include "bridge/backoff.h"

#include <algorithm>
#include <cassert>

namespace bunshin {

Backoff::Backoff(Limits limits, std::uint64_t seed)
    : limits_(limits), ceiling_(limits.first), random_(seed) {
  assert(limits.floor.count() > 0 && limits.floor <= limits.first && limits.first <= limits.cap);
}

std::chrono::nanoseconds Backoff::next() {
  using std::chrono::nanoseconds;
  std::uniform_int_distribution<nanoseconds::rep> delay(nanoseconds(limits_.floor).count(),
                                                        nanoseconds(ceiling_).count());
  const nanoseconds result(delay(random_));
  // Compared by halves: doubling first could overflow with a cap of centuries.
  ceiling_ = ceiling_ > limits_.cap / 2 ? limits_.cap : std::min(ceiling_ * 2, limits_.cap);
  return result;
}

}  // namespace bunshin
