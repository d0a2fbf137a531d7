#include "tools/scope/trace_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include "reactor/error.h"
#include "reactor/log.h"

namespace bunshin {

namespace {

/// More does not wait for a slow disk.
constexpr std::size_t kMostWaiting = 16 * 1024 * 1024;
/// What is given is written at once when there is so much of it, else after kPause.
constexpr std::size_t kEnough = 256 * 1024;
constexpr auto kPause = std::chrono::milliseconds(100);

/// Whoever reads a pipe may take so long.
constexpr auto kPatience = std::chrono::milliseconds(2000);
/// Where the file is written anew when its oldest is dropped.
constexpr const char* kNew = ".new";

/// Whether it is something else than a file, such as a pipe or a device.
bool is_special(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

UniqueFd open_trace(const std::string& path) {
  const int how = is_special(path) ? O_WRONLY | O_NONBLOCK : O_RDWR | O_CREAT | O_TRUNC;
  UniqueFd file(::open(path.c_str(), how | O_CLOEXEC | O_NOCTTY, 0644));
  if (!file) throw_error(errno, "cannot write the trace " + path);
  return file;
}

/// Waits until a pipe has room. 0 or errno.
int wait_for_room(int fd) {
  pollfd entry{fd, POLLOUT, 0};
  const int ready = ::poll(&entry, 1, static_cast<int>(kPatience.count()));
  if (ready == 0) return ETIMEDOUT;
  return ready < 0 && errno != EINTR ? errno : 0;
}

/// 0 or errno.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      if (const int error = wait_for_room(fd); error != 0) return error;
      continue;
    }
    if (count <= 0) return count < 0 ? errno : ENOSPC;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

/// What stands in `from` between the two, behind what `to` holds. 0 or errno.
int copy(int from, std::size_t begin, std::size_t end, int to) {
  std::array<char, 64 * 1024> buffer;
  while (begin < end) {
    const std::size_t most = std::min(buffer.size(), end - begin);
    const ssize_t count = ::pread(from, buffer.data(), most, static_cast<off_t>(begin));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 ? errno : EIO;
    const auto size = static_cast<std::size_t>(count);
    if (const int error = write_all(to, {buffer.data(), size}); error != 0) return error;
    begin += size;
  }
  return 0;
}

}  // namespace

TraceFile::TraceFile(const std::string& path, std::size_t limit, std::string head)
    : path_(path),
      limit_(is_special(path) ? 0 : limit),
      head_("[\n" + std::move(head)),
      file_(open_trace(path)) {
  thread_ = std::thread([this] { run(); });
}

TraceFile::~TraceFile() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  given_.notify_one();
  thread_.join();
}

bool TraceFile::give(Piece piece) {
  const std::lock_guard lock(mutex_);
  if (failed_ || waiting_bytes_ > kMostWaiting) return false;
  const bool was_little = waiting_bytes_ < kEnough;
  waiting_bytes_ += piece.entries.size();
  waiting_.push_back(std::move(piece));
  if (was_little && waiting_bytes_ >= kEnough) given_.notify_one();
  return true;
}

bool TraceFile::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

void TraceFile::run() {
  append(head_);
  for (bool last = false; !last;) {
    std::deque<Piece> pieces;
    {
      std::unique_lock lock(mutex_);
      given_.wait_for(lock, kPause, [this] { return ending_ || waiting_bytes_ >= kEnough; });
      pieces.swap(waiting_);
      waiting_bytes_ = 0;
      last = ending_;
    }
    for (Piece& piece : pieces) write(std::move(piece));
  }
  append("\n]\n");
}

void TraceFile::write(Piece piece) {
  if (!file_) return;
  if (limit_ > 0 && size_ + piece.entries.size() > limit_ && !written_.empty()) drop_oldest();
  if (limit_ > 0) written_.push_back({size_, std::move(piece.opened), std::move(piece.closed)});
  append(piece.entries);
}

void TraceFile::append(std::string_view text) {
  if (!file_) return;
  size_ += text.size();
  if (const int error = write_all(file_.get(), text); error != 0) fail(error);
}

/// Half of the file makes room, so that each byte is copied once, on average. Whoever reads it
/// meanwhile has the old file or the new one, whole.
void TraceFile::drop_oldest() {
  while (written_.size() > 1 && size_ - written_.front().begin > limit_ / 2) {
    for (auto& [handler, entry] : written_.front().opened) there_[handler] = std::move(entry);
    for (const std::uint64_t handler : written_.front().closed) there_.erase(handler);
    written_.pop_front();
  }
  const std::size_t kept = written_.front().begin;
  const std::size_t end = size_;
  const std::string temporary = path_ + kNew;
  UniqueFd old = std::move(file_);
  file_.reset(::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file_) return fail(errno);
  size_ = 0;
  append(head_);
  for (const auto& [handler, entries] : there_) append(entries);
  const std::size_t shift = size_;
  if (!file_) return;
  if (const int error = copy(old.get(), kept, end, file_.get()); error != 0) return fail(error);
  size_ += end - kept;
  for (Written& one : written_) one.begin = one.begin - kept + shift;
  if (std::rename(temporary.c_str(), path_.c_str()) != 0) fail(errno);
}

void TraceFile::fail(int error) {
  file_.reset();
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(failed_, true)) return;
    waiting_.clear();
  }
  std::remove((path_ + kNew).c_str());
  log(LogLevel::error, "tracing ends: cannot write {}: {}", path_, error_text(error));
}

}  // namespace bunshin
