#include "bridge/service_manager.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "reactor/error.h"
#include "reactor/host.h"
#include "reactor/log.h"
#include "reactor/sockets.h"

namespace bunshin {
namespace {

constexpr const char* kNames[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                  "LISTEN_PID",    "LISTEN_FDS",    "LISTEN_FDNAMES"};
constexpr int kFirstPassed = 3;     // SD_LISTEN_FDS_START
constexpr std::int64_t kMost = 64;  // descriptors

std::string_view text_of(const ServiceManager::Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<std::int64_t> number_of(const ServiceManager::Variables& variables,
                                      std::string_view name) {
  const std::string_view text = text_of(variables, name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

/// Variables are inherited by children, who are not meant.
bool is_for_us(const ServiceManager::Variables& variables, std::string_view name, bool required) {
  if (!variables.contains(name)) return !required;
  return number_of(variables, name) == std::int64_t{::getpid()};
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  Variables variables;
  for (const char* name : kNames) {
    if (const char* value = std::getenv(name)) variables.emplace(name, value);
    ::unsetenv(name);
  }
  return ServiceManager(variables, kFirstPassed);
}

ServiceManager::ServiceManager(const Variables& variables, int first)
    : notify_path_(text_of(variables, "NOTIFY_SOCKET")) {
  const auto microseconds = number_of(variables, "WATCHDOG_USEC");
  if (microseconds > 0 && is_for_us(variables, "WATCHDOG_PID", false)) {
    watchdog_ = std::chrono::microseconds(*microseconds);
  }
  const auto count = number_of(variables, "LISTEN_FDS");
  if (!count || *count > kMost || !is_for_us(variables, "LISTEN_PID", true)) return;
  std::string_view names = text_of(variables, "LISTEN_FDNAMES");
  for (int fd = first; fd < first + *count; ++fd) {
    const std::string_view name = names.substr(0, names.find(':'));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    passed_.push_back({std::string(name), UniqueFd(fd)});
  }
}

void ServiceManager::notify(std::string_view lines) noexcept {
  sockaddr_un address{};
  if (!listens()) return;
  int error = ENAMETOOLONG;
  if (notify_path_.size() < sizeof address.sun_path) {
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, notify_path_.data(), notify_path_.size());
    if (notify_path_.front() == '@') address.sun_path[0] = '\0';  // an abstract name
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + notify_path_.size());
    const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM, 0));
    ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
    const auto* const name = reinterpret_cast<const sockaddr*>(&address);
    const ssize_t sent = ::sendto(socket.get(), lines.data(), lines.size(), kSendFlags, name, size);
    error = sent < 0 ? errno : 0;
  }
  if (error == 0 || std::exchange(told_, true)) return;
  log(LogLevel::warning, "cannot tell the service manager at {}: {}", notify_path_,
      error_text(error));
}

UniqueFd ServiceManager::listener(std::string_view name) const {
  for (Passed& passed : passed_) {
    if (passed.name != name) continue;
    if (!kernel().listens(passed.socket.get())) {
      throw std::runtime_error(
          fmt::format("what systemd passes as \"{}\" is no listening socket "
                      "(ListenStream= and Accept=no make one)",
                      name));
    }
    passed.used = true;
    UniqueFd socket = kernel().duplicate(passed.socket.get());
    kernel().set_nonblocking(socket.get());
    return socket;
  }
  throw std::runtime_error(fmt::format(
      "systemd passes no socket of that name: FileDescriptorName={} in its .socket unit "
      "would do it",
      name));
}

std::vector<std::string> ServiceManager::unused() const {
  std::vector<std::string> names;
  for (const Passed& passed : passed_) {
    if (!passed.used) names.push_back(passed.name);
  }
  return names;
}

}  // namespace bunshin
