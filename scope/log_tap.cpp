#include "scope/log_tap.h"

#include <utility>

namespace bunshin {

namespace {

constexpr std::size_t kMost = 1000;

}  // namespace

LogTap::LogTap(Host& host) {
  // Whoever logs meanwhile waits: before_ is not known to him before it is set.
  const std::lock_guard lock(mutex_);
  before_ = set_log_sink([this, &host](LogLevel level, std::string_view text) {
    const std::lock_guard its_lock(mutex_);
    if (lines_.size() < kMost) lines_.push_back({host.now(), level, std::string(text)});
    before_(level, text);
  });
}

LogTap::~LogTap() { set_log_sink(std::move(before_)); }

std::vector<LogTap::Line> LogTap::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lines_, {});
}

}  // namespace bunshin
