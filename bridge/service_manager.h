#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/unique_fd.h"

namespace bunshin {

/// The service manager that has started this process, systemd, and what it is told and gives: what
/// sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds_with_names(3) say of it, without their
/// library. Without one nothing is told, and there is nothing to be had. Main thread.
class ServiceManager {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;

  /// As the environment of the process has it, whose variables are taken out: children are not
  /// meant by them. Once in a process: it owns the descriptors that were passed.
  static ServiceManager from_environment();
  /// `first`: the number of the first descriptor passed. Owns those from now on.
  ServiceManager(const Variables& variables, int first);

  [[nodiscard]] bool listens() const { return !notify_path_.empty(); }
  /// Sends lines such as "READY=1\nSTATUS=...". Never waits; what the manager does not take is
  /// lost, and the log told once.
  void notify(std::string_view lines) noexcept;
  /// How often WATCHDOG=1 is expected at least; none: not at all.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

  /// The listening socket that was passed under `name` (FileDescriptorName= of the socket unit), as
  /// often as it is asked for. Throws std::runtime_error with a sentence when there is none.
  [[nodiscard]] UniqueFd listener(std::string_view name) const;
  /// The names of those that nobody has asked for.
  [[nodiscard]] std::vector<std::string> unused() const;

 private:
  struct Passed {
    std::string name;
    UniqueFd socket;
    bool used = false;
  };

  std::string notify_path_;
  std::optional<std::chrono::microseconds> watchdog_;
  mutable std::vector<Passed> passed_;
  bool told_ = false;
};

}  // namespace bunshin
