#pragma once

#include <sys/resource.h>

#include <vector>

#include "reactor/unique_fd.h"

namespace bunshin::testing {

/// While it lives the process has only `spare` more descriptors, all its numbers below being taken.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int spare);
  ~DescriptorLimit();
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

  /// Takes all that are left, so that the next one fails with EMFILE.
  void exhaust();
  /// Gives back `count` of those that exhaust() took.
  void release(std::size_t count);

 private:
  rlimit before_{};
  std::vector<UniqueFd> taken_;
};

}  // namespace bunshin::testing
