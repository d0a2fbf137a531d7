#pragma once

#include <cstddef>

namespace bunshin::testing {

/// How often this thread has called operator new so far.
std::size_t allocations();

/// While it lives, one allocation of this thread fails with std::bad_alloc: the first after `after`
/// others. A case tries 0, 1, 2 ... until one is left that has not failed().
class FailAllocation {
 public:
  explicit FailAllocation(std::size_t after);
  ~FailAllocation();
  FailAllocation(const FailAllocation&) = delete;
  FailAllocation& operator=(const FailAllocation&) = delete;
  [[nodiscard]] bool failed() const;
};

}  // namespace bunshin::testing
