#include "tools/scope/log_tap.h"

#include <utility>

#include "reactor/printable.h"

namespace bunshin {

namespace {

/// Between two looks: more lines than that nobody reads.
constexpr std::size_t kMost = 200;
constexpr std::size_t kLongest = 2000;  // bytes of a line

}  // namespace

LogTap::LogTap(Host& host) {
  // Whoever logs meanwhile waits: before_ is not known to him before it is set.
  const std::lock_guard lock(mutex_);
  before_ = set_log_sink([this, &host](LogLevel level, std::string_view text) {
    const std::lock_guard its_lock(mutex_);
    if (lines_.size() < kMost) lines_.push_back({host.now(), level, printable(text, kLongest)});
    before_(level, text);
  });
}

LogTap::~LogTap() { set_log_sink(std::move(before_)); }

std::vector<LogTap::Line> LogTap::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lines_, {});
}

}  // namespace bunshin
