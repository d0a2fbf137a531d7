#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/log.h"

namespace bunshin::testing {

/// Keeps the log's lines, of all levels, while it lives. Any thread may log meanwhile.
class CapturedLog {
 public:
  CapturedLog();
  ~CapturedLog();
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  [[nodiscard]] std::vector<std::string> lines() const;
  /// How many lines hold `text`.
  [[nodiscard]] std::size_t count(std::string_view text) const;
  void clear();

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  LogSink before_;
};

}  // namespace bunshin::testing
