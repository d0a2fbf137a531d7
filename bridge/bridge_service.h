#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "bridge/bridge_observers.h"
#include "bridge/config_listen.h"
#include "bridge/prometheus_text.h"
#include "bridge/service_manager.h"
#include "reactor/log.h"

namespace bunshin {

/// What a service of a bridge works with; all of it outlives the service.
struct ServiceContext {
  Reactor& reactor;
  BridgeObservers& observers;  ///< of the bridge
  const ServiceManager& manager;
};

/// One thing that a bridge does for other programs, told by one section of its configuration. In
/// the reactor's thread.
class BridgeService {
 public:
  BridgeService() = default;
  BridgeService(const BridgeService&) = delete;
  BridgeService& operator=(const BridgeService&) = delete;
  virtual ~BridgeService() = default;

  /// As BridgeControl::configure.
  virtual void configure(const BridgeConfig& config) = 0;
  /// How it stands, for a person: a line, or none.
  virtual void tell(std::vector<std::string>& /*lines*/) const {}
  /// Its metrics.
  virtual void write(PrometheusText& /*text*/) const {}
  /// What keeps it from its work, in a sentence; empty: nothing.
  [[nodiscard]] virtual std::string trouble() const { return {}; }
};

/// The handler of that class that is not closed; null: none.
template <typename Handler>
Handler* find_handler(Reactor& reactor) {
  Handler* found = nullptr;
  reactor.for_each([&](EventHandler& handler) {
    if (auto* one = dynamic_cast<Handler*>(&handler)) found = one;
  });
  return found;
}

/// A server of class `Server` that listens where `listen` of `section` says, see read_listen.
/// Throws std::runtime_error that names the key.
template <typename Server, typename... Args>
Server& make_listener(const ServiceContext& context, std::string_view section,
                      const std::string& listen, Args&&... args) {
  try {
    Server& server =
        listen == kFromSystemd
            ? context.reactor.emplace<Server>(context.manager.listener(section),
                                              std::forward<Args>(args)...)
            : context.reactor.emplace<Server>(Endpoint::parse(listen), std::forward<Args>(args)...);
    log(LogLevel::info, "{}.listen: listening on {}", section, server.local_address().to_string());
    return server;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}.listen: {}", section, error.what()));
  }
}

/// The same in place of the one there is, if any; none when `listen` is empty. The new one is there
/// first, or nothing has changed.
template <typename Server, typename... Args>
void move_listener(const ServiceContext& context, std::string_view section,
                   const std::string& listen, Args&&... args) {
  auto* const before = find_handler<Server>(context.reactor);
  if (!listen.empty()) {
    make_listener<Server>(context, section, listen, std::forward<Args>(args)...);
  }
  if (before != nullptr) before->close();
}

}  // namespace bunshin
