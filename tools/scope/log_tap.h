#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "reactor/host.h"
#include "reactor/log.h"

namespace bunshin {

/// Keeps the log's lines while it lives, and passes them on to whoever had them before. Made and
/// destroyed in one thread; any may log.
class LogTap {
 public:
  explicit LogTap(Host& host);
  ~LogTap();
  LogTap(const LogTap&) = delete;
  LogTap& operator=(const LogTap&) = delete;

  struct Line {
    TimePoint at;
    LogLevel level;
    std::string text;
  };
  /// Those since the last time: the first two hundred, fit for showing.
  std::vector<Line> take();

 private:
  std::mutex mutex_;
  std::vector<Line> lines_;
  LogSink before_;
};

}  // namespace bunshin
