#include "reactor/standard_stream.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include "reactor/stream_watch.h"

namespace bunshin {

namespace {

/// Neither has a destructor to run: whatever ends last may still log.
constinit StandardStream output(STDOUT_FILENO);
constinit StandardStream errors(STDERR_FILENO);

/// A blocking descriptor that poll(2) calls writable takes this much without blocking (pipe(7)).
constexpr std::size_t kBlockingWrite = 512;
constexpr auto kPollRetry = std::chrono::milliseconds(10);

#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
constexpr int kSendFlags = MSG_DONTWAIT;
#endif

/// write(2) for a descriptor that others share, so that it can not be made non-blocking.
ssize_t write_shared(int fd, std::string_view text) noexcept {
  const ssize_t count = ::send(fd, text.data(), text.size(), kSendFlags);
  if (count >= 0 || errno != ENOTSOCK) return count;
  pollfd entry{fd, POLLOUT, 0};
  const int ready = ::poll(&entry, 1, 0);
  if (ready > 0) return ::write(fd, text.data(), std::min(text.size(), kBlockingWrite));
  if (ready == 0) errno = EAGAIN;
  return -1;
}

bool is_for_now(int error) noexcept {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS ||
         error == ENOMEM;
}

std::uint64_t lines_in(std::string_view text) noexcept {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

StandardStream& standard_output() noexcept { return output; }
StandardStream& standard_error() noexcept { return errors; }

void StandardStream::write(std::string_view text) noexcept {
  const std::lock_guard lock(mutex_);
  write_kept();
  keep(text);
  write_kept();
  if (size_ > 0 && watch_ != nullptr && !room_asked_) room_asked_ = watch_->ask_for_room();
}

void StandardStream::print_formatted(Write how, fmt::string_view format,
                                     fmt::format_args args) noexcept {
  try {
    fmt::memory_buffer text;  // short lines need no allocation
    fmt::vformat_to(fmt::appender(text), format, args);
    (this->*how)({text.data(), text.size()});
  } catch (...) {
    const std::lock_guard lock(mutex_);
    lose("\n");
  }
}

void StandardStream::write_waiting(std::string_view text) noexcept {
  const std::lock_guard lock(mutex_);
  while (size_ > 0) {
    write_kept();
    if (size_ > 0) wait_for_room(Engine::kForever);
  }
  while (!text.empty()) {
    std::size_t written = 0;
    if (!put(text, written)) return lose(text);
    text.remove_prefix(written);
    if (written == 0) wait_for_room(Engine::kForever);
  }
}

void StandardStream::flush(Duration limit) noexcept {
  const std::lock_guard lock(mutex_);
  const TimePoint deadline = Clock::now() + limit;
  for (write_kept(); size_ > 0; write_kept()) {
    const Duration left = deadline - Clock::now();
    if (left <= Duration::zero()) break;
    wait_for_room(left);
  }
  lose({kept_.data(), size_});
  size_ = 0;
}

void StandardStream::wait_for_room(Duration limit) const noexcept {
  pollfd entry{fd_, POLLOUT, 0};
  const auto rounded_up = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  const int most = limit == Engine::kForever ? -1 : static_cast<int>(rounded_up);
  if (::poll(&entry, 1, most) < 0 && errno != EINTR) {
    std::this_thread::sleep_for(std::min<Duration>(limit, kPollRetry));  // it lacks memory: no spin
  }
}

/// False when writing fails. Otherwise `written` says how much there was room for.
bool StandardStream::put(std::string_view text, std::size_t& written) noexcept {
  const ssize_t count =
      private_fd_ >= 0 ? ::write(private_fd_, text.data(), text.size()) : write_shared(fd_, text);
  written = count > 0 ? static_cast<std::size_t>(count) : 0;
  if (count >= 0 || is_for_now(errno)) return true;
  if (error_ == 0) error_ = errno;
  return false;
}

/// Afterwards nothing is kept, or there is no room.
void StandardStream::write_kept() noexcept {
  while (size_ > 0) {
    std::size_t written = 0;
    if (!put({kept_.data(), size_}, written)) {
      lose({kept_.data(), size_});
      written = size_;
    }
    if (written == 0) return;
    size_ -= written;
    std::memmove(kept_.data(), kept_.data() + written, size_);
  }
  if (untold_ > 0) tell_lost();
}

/// What was lost is one gap until it is told: behind it nothing is kept.
void StandardStream::keep(std::string_view text) noexcept {
  if (untold_ > 0 || text.size() > kept_.size() - size_) return lose(text);
  std::memcpy(kept_.data() + size_, text.data(), text.size());
  size_ += text.size();
}

void StandardStream::lose(std::string_view text) noexcept {
  lost_ += lines_in(text);
  untold_ += lines_in(text);
}

/// REQUIRES: nothing is kept.
void StandardStream::tell_lost() noexcept {
  std::array<char, 64> note;
  const int size = std::snprintf(note.data(), note.size(), "bunshin: %llu lines lost\n",
                                 static_cast<unsigned long long>(untold_));
  const std::string_view text(note.data(), static_cast<std::size_t>(size));
  std::size_t written = 0;
  if (!put(text, written)) return;
  untold_ = 0;
  keep(text.substr(written));
}

std::uint64_t StandardStream::lost() const noexcept {
  const std::lock_guard lock(mutex_);
  return lost_;
}

int StandardStream::error() const noexcept {
  const std::lock_guard lock(mutex_);
  return error_;
}

}  // namespace bunshin
