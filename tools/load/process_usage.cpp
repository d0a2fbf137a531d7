#include "tools/load/process_usage.h"

#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

#include "reactor/error.h"

namespace bunshin {

namespace {

double seconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

#ifdef __linux__

/// proc(5): utime and stime are the 14th and 15th field of stat, in ticks. The second is the
/// program's name, which may hold anything, blanks and parentheses too.
void read_split(pid_t process, ProcessUsage& usage) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  std::string text;
  std::getline(file, text);
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double kernel = 0;
  fields >> user >> kernel;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  usage.user_seconds = user / ticks;
  usage.kernel_seconds = kernel / ticks;
}

#endif

}  // namespace

ProcessUsage ProcessUsage::of_self() {
  ProcessUsage usage;
  timespec cpu{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  usage.cpu_seconds = seconds(cpu);
  rusage resources{};
  ::getrusage(RUSAGE_SELF, &resources);
  usage.user_seconds = seconds(resources.ru_utime);
  usage.kernel_seconds = seconds(resources.ru_stime);
  return usage;
}

ProcessUsage ProcessUsage::of(pid_t process) {
  ProcessUsage usage;
#ifdef __linux__
  clockid_t clock{};
  timespec cpu{};
  // Returns the error, and does not set errno: clock_getcpuclockid(3).
  if (const int error = ::clock_getcpuclockid(process, &clock); error != 0) {
    throw_error(error, fmt::format("cannot watch process {}", process));
  }
  if (::clock_gettime(clock, &cpu) != 0) {
    throw_error(errno, fmt::format("cannot watch process {}", process));
  }
  usage.cpu_seconds = seconds(cpu);
  read_split(process, usage);
#else
  throw_sentence(ENOSYS, fmt::format("cannot watch process {} on this system", process));
#endif
  return usage;
}

ProcessUsage ProcessUsage::since(const ProcessUsage& before) const {
  ProcessUsage usage = *this;
  usage.cpu_seconds -= before.cpu_seconds;
  usage.user_seconds -= before.user_seconds;
  usage.kernel_seconds -= before.kernel_seconds;
  return usage;
}

std::uint64_t anonymous_bytes(pid_t process) {
  // proc(5), smaps_rollup: Linux 4.14.
  std::ifstream file(fmt::format("/proc/{}/smaps_rollup", process));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Anonymous:")) return std::stoull(line.substr(10)) * 1024;
  }
  return 0;
}

}  // namespace bunshin
