#pragma once

#include <fmt/core.h>

#include <functional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace bunshin {

enum class LogLevel { debug, info, warning, error };

/// Receives every line that is not below the threshold, without a line end. May be called from
/// any thread, one at a time.
using LogSink = std::function<void(LogLevel, std::string_view)>;

/// Replaces the sink (standard error by default) and returns the one before. Any thread.
LogSink set_log_sink(LogSink sink);

/// Lines below `level` are dropped before they are formatted. `info` by default. Any thread.
void set_log_level(LogLevel level);

bool log_enabled(LogLevel level) noexcept;
void log_line(LogLevel level, std::string_view line);

/// The name of a class as its source writes it. Any thread.
std::string class_name(const std::type_info& type);

/// Formats with {fmt} and hands the line to the sink. Not for the hot path.
template <typename... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace bunshin
