#pragma once

#include <unistd.h>

#include <utility>

namespace bunshin {

/// What closes a descriptor: close(2), unless a simulated world has put itself in its place, whose
/// numbers the kernel does not know (see reactor/simulation/). Changed while no other thread
/// closes.
inline constinit auto close_descriptor = static_cast<int (*)(int)>(&::close);

/// Owns one file descriptor and closes it. Movable, not copyable. Any thread, one at a time.
class UniqueFd {
 public:
  UniqueFd() = default;
  /// Takes ownership of `fd`; a negative number means "none".
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  /// Gives the descriptor up without closing it.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  /// Closes what is owned and owns `fd` from now on. close(2) is never repeated after EINTR: on
  /// Linux the number is free again by then and may belong to somebody else.
  void reset(int fd = -1) noexcept {
    const int old = std::exchange(fd_, fd);
    if (old >= 0) close_descriptor(old);
  }

 private:
  int fd_ = -1;
};

}  // namespace bunshin
