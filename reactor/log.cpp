#include "reactor/log.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include "reactor/standard_stream.h"

namespace bunshin {

namespace {

void write_to_stderr(LogLevel level, std::string_view line) {
  standard_error().print("{}{}\n", level >= LogLevel::warning ? "bunshin: " : "", line);
}

struct Sink {
  std::mutex mutex;
  LogSink function = write_to_stderr;
};

Sink& sink() {
  static Sink instance;
  return instance;
}

std::atomic<LogLevel> threshold{LogLevel::info};
std::atomic<std::uint64_t> lines_lost{0};

}  // namespace

LogSink set_log_sink(LogSink function) {
  const std::lock_guard lock(sink().mutex);
  if (!function) function = write_to_stderr;
  return std::exchange(sink().function, std::move(function));
}

void set_log_level(LogLevel level) { threshold = level; }

bool log_enabled(LogLevel level) noexcept { return level >= threshold.load(); }

std::uint64_t log_lines_lost() noexcept { return lines_lost.load(); }

void log_formatted(LogLevel level, fmt::string_view format, fmt::format_args args) noexcept {
  try {
    const std::string line = fmt::vformat(format, args);
    const std::lock_guard lock(sink().mutex);
    sink().function(level, line);
  } catch (...) {
    ++lines_lost;
  }
}

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> plain(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  return plain ? plain.get() : name;
}

std::string ClassName::text() const { return demangled(type_.name()); }

}  // namespace bunshin

fmt::format_context::iterator fmt::formatter<bunshin::ClassName>::format(
    const bunshin::ClassName& name, fmt::format_context& context) {
  return fmt::format_to(context.out(), "{}", name.text());
}
