#include "reactor/log.h"

#include <cxxabi.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

namespace bunshin {

namespace {

void write_to_stderr(LogLevel level, std::string_view line) {
  const char* mark = level >= LogLevel::warning ? "bunshin: " : "";
  fmt::print(stderr, "{}{}\n", mark, line);
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

}  // namespace

LogSink set_log_sink(LogSink function) {
  const std::lock_guard lock(sink().mutex);
  if (!function) function = write_to_stderr;
  return std::exchange(sink().function, std::move(function));
}

void set_log_level(LogLevel level) { threshold = level; }

bool log_enabled(LogLevel level) noexcept { return level >= threshold.load(); }

std::string class_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return name ? name.get() : type.name();
}

void log_line(LogLevel level, std::string_view line) {
  const std::lock_guard lock(sink().mutex);
  sink().function(level, line);
}

}  // namespace bunshin
