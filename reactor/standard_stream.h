#pragma once

#include <fmt/core.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "reactor/timers.h"

namespace bunshin {

class StreamWatch;

/// Standard output or standard error of a program that must not wait for whoever reads them: a
/// pager that shows its first page, a terminal at ^S. What there is no room for is kept, up to 64
/// KiB, and written before what comes next, or by a StreamWatch as soon as there is room. What can
/// neither be written nor kept is lost; the gap is told where it is: "bunshin: 12 lines lost".
/// Nothing here throws or allocates. Any thread. (A regular file on a slow disk makes everybody
/// wait.)
class StandardStream {
 public:
  explicit constexpr StandardStream(int fd) noexcept : fd_(fd) {}
  StandardStream(const StandardStream&) = delete;
  StandardStream& operator=(const StandardStream&) = delete;

  /// Writes, keeps or loses all of `text`, which is one or more lines. Never waits.
  void write(std::string_view text) noexcept;
  /// The same, formatted with {fmt}.
  template <typename... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) noexcept {
    print_formatted(&StandardStream::write, format, fmt::make_format_args(args...));
  }
  /// Writes `text` however long it takes: what a user asked for, when no loop is kept waiting.
  void write_waiting(std::string_view text) noexcept;
  template <typename... Args>
  void print_waiting(fmt::format_string<Args...> format, Args&&... args) noexcept {
    print_formatted(&StandardStream::write_waiting, format, fmt::make_format_args(args...));
  }
  /// Waits for at most `limit` until everything is written. The rest is lost.
  void flush(Duration limit) noexcept;

  /// Lines lost so far.
  [[nodiscard]] std::uint64_t lost() const noexcept;
  /// errno of the first failure to write; 0 when there was none. No room is no failure.
  [[nodiscard]] int error() const noexcept;

 private:
  friend class StreamWatch;
  using Write = void (StandardStream::*)(std::string_view) noexcept;
  void print_formatted(Write how, fmt::string_view format, fmt::format_args args) noexcept;
  // With the lock held.
  bool put(std::string_view text, std::size_t& written) noexcept;
  void write_kept() noexcept;
  void keep(std::string_view text) noexcept;
  void lose(std::string_view text) noexcept;
  void tell_lost() noexcept;
  void wait_for_room(Duration limit) const noexcept;

  mutable std::mutex mutex_;
  const int fd_;
  int private_fd_ = -1;  // non-blocking, of the StreamWatch; -1: none
  StreamWatch* watch_ = nullptr;
  bool room_asked_ = false;  // the watch will call
  int error_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t untold_ = 0;  // of those, the ones that the reader does not know of
  std::size_t size_ = 0;      // of what is kept
  std::array<char, 64 * 1024> kept_{};
};

/// The process's own.
StandardStream& standard_output() noexcept;
StandardStream& standard_error() noexcept;

}  // namespace bunshin
