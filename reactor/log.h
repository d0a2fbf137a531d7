#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <typeinfo>

namespace bunshin {

enum class LogLevel { debug, info, warning, error };

/// Receives every line that is not below the threshold, without a line end. May be called from
/// any thread, one at a time. What it throws is swallowed, and the line counted as lost. It must
/// not log.
using LogSink = std::function<void(LogLevel, std::string_view)>;

/// Replaces the sink (standard error by default) and returns the one before. Any thread.
LogSink set_log_sink(LogSink sink);

/// Lines below `level` are dropped before they are formatted. `info` by default. Any thread.
void set_log_level(LogLevel level);

bool log_enabled(LogLevel level) noexcept;
/// Lines that could not be made or that the sink did not take.
std::uint64_t log_lines_lost() noexcept;

void log_formatted(LogLevel level, fmt::string_view format, fmt::format_args args) noexcept;

/// Formats with {fmt} and hands the line to the sink. Never throws: whoever logs is mostly in
/// trouble already. Not for the hot path.
template <typename... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) noexcept {
  if (log_enabled(level)) log_formatted(level, format, fmt::make_format_args(args...));
}

/// The name that a class has in its source, of what type_info::name() gives.
std::string demangled(const char* name);

/// A class by the name its source gives it, put into words when it is formatted. Any thread.
class ClassName {
 public:
  explicit ClassName(const std::type_info& type) noexcept : type_(type) {}
  [[nodiscard]] std::string text() const;

 private:
  const std::type_info& type_;
};
inline ClassName class_name(const std::type_info& type) noexcept { return ClassName(type); }

}  // namespace bunshin

template <>
struct fmt::formatter<bunshin::ClassName> {
  static constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  static fmt::format_context::iterator format(const bunshin::ClassName& name,
                                              fmt::format_context& context);
};
