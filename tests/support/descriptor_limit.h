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

/// While it lives the process may have as many descriptors as the system lets it: for cases with a
/// thousand clients.
class RoomForDescriptors {
 public:
  RoomForDescriptors();
  ~RoomForDescriptors();
  RoomForDescriptors(const RoomForDescriptors&) = delete;
  RoomForDescriptors& operator=(const RoomForDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace bunshin::testing
