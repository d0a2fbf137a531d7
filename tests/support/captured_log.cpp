#include "tests/support/captured_log.h"

#include <algorithm>

namespace bunshin::testing {

CapturedLog::CapturedLog()
    : before_(set_log_sink([this](LogLevel, std::string_view line) {
        const std::lock_guard lock(mutex_);
        lines_.emplace_back(line);
      })) {}

CapturedLog::~CapturedLog() { set_log_sink(before_); }

std::vector<std::string> CapturedLog::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

std::size_t CapturedLog::count(std::string_view text) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(lines_.begin(), lines_.end(),
                    [text](const std::string& line) { return line.find(text) != line.npos; }));
}

void CapturedLog::clear() {
  const std::lock_guard lock(mutex_);
  lines_.clear();
}

}  // namespace bunshin::testing
