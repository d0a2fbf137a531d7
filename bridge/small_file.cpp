#include "bridge/small_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace bunshin {
namespace {

std::string system_message(int error) { return std::generic_category().message(error); }

/// Returns what is wrong, or nothing.
std::string read_all(int fd, bool any_kind, std::size_t limit, std::string& text) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return system_message(errno);
  if (S_ISDIR(status.st_mode)) return system_message(EISDIR);
  if (!S_ISREG(status.st_mode) && !any_kind) return "not a regular file";
  std::array<char, 65536> chunk;
  while (text.size() <= limit) {
    const ssize_t count = read(fd, chunk.data(), chunk.size());
    if (count == 0) return {};
    if (count > 0) {
      text.append(chunk.data(), static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return system_message(errno);
    }
  }
  return fmt::format("larger than {} bytes", limit);
}

}  // namespace

SmallFile read_small_file(const std::string& path, std::size_t limit) {
  SmallFile file;
  const bool given = given_by_the_shell(path);
  // Opening a FIFO without O_NONBLOCK would wait for its writer; a pipe that is given has one.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | (given ? 0 : O_NONBLOCK));
  std::string problem = fd < 0 ? system_message(errno) : read_all(fd, given, limit, file.text);
  if (fd >= 0) close(fd);
  if (!problem.empty()) file = {{}, fmt::format("{}: {}", path, problem)};
  return file;
}

bool given_by_the_shell(std::string_view path) {
  return path == "/dev/stdin" || path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/");
}

}  // namespace bunshin
