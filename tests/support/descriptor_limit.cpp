#include "tests/support/descriptor_limit.h"

#include <fcntl.h>

#include <cerrno>

#include "reactor/error.h"

namespace bunshin::testing {

DescriptorLimit::DescriptorLimit(int spare) {
  if (::getrlimit(RLIMIT_NOFILE, &before_) != 0) throw_error(errno, "getrlimit");
  // The limit is one on numbers, so the highest number in use counts.
  int highest = 0;
  for (int fd = 0; fd < 4096; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) highest = fd;
  }
  rlimit limit = before_;
  limit.rlim_cur = static_cast<rlim_t>(highest + 1 + spare);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) throw_error(errno, "setrlimit");
  // Numbers below the highest that are free would be spare ones, too.
  for (int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC); fd >= 0;
       fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) {
    taken_.emplace_back(fd);
    if (fd > highest) break;
  }
  if (!taken_.empty() && taken_.back().get() > highest) taken_.pop_back();
}

DescriptorLimit::~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

void DescriptorLimit::exhaust() {
  for (int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC); fd >= 0;
       fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) {
    taken_.emplace_back(fd);
  }
}

void DescriptorLimit::release(std::size_t count) {
  while (count-- > 0 && !taken_.empty()) taken_.pop_back();
}

RoomForDescriptors::RoomForDescriptors() {
  ::getrlimit(RLIMIT_NOFILE, &before_);
  rlimit limit = before_;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

RoomForDescriptors::~RoomForDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

}  // namespace bunshin::testing
