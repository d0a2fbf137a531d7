#include "bridge/bridge_services.h"

#include <fmt/format.h>

#include <stdexcept>
#include <system_error>
#include <utility>

#include "bridge/config_listen.h"
#include "reactor/log.h"

namespace bunshin {
namespace {

/// The one of its class that is not closed; null: none.
template <typename Handler>
Handler* find(Reactor& reactor) {
  Handler* found = nullptr;
  reactor.for_each([&](EventHandler& handler) {
    if (auto* one = dynamic_cast<Handler*>(&handler)) found = one;
  });
  return found;
}

/// Lets a server of class `Server` listen at `address`, or none when that is empty, in place of the
/// one there is. Another one than before is there first, or nothing has changed.
template <typename Server, typename... Args>
void listen_at(Reactor& reactor, std::string_view key, const std::string& address, Args&&... args) {
  Server* const before = find<Server>(reactor);
  if (!address.empty()) {
    try {
      const auto& server =
          reactor.emplace<Server>(Endpoint::parse(address), std::forward<Args>(args)...);
      log(LogLevel::info, "{}: listening on {}", key, server.local_address().to_string());
    } catch (const std::system_error& error) {
      throw std::runtime_error(fmt::format("{}: {}", key, error.what()));
    }
  }
  if (before != nullptr) before->close();
}

}  // namespace

BridgeServices::BridgeServices(Reactor& reactor, BridgeObservers& observers,
                               const BridgeConfig& config)
    : reactor_(reactor),
      observers_(observers),
      share_(std::make_shared<ShareRoom>([&reactor](std::string command) {
        auto* const bridge = find<Bridge>(reactor);
        return bridge != nullptr && bridge->command(std::move(command));
      })) {
  configure(config);
  observers_.add(*share_);
}

BridgeServices::~BridgeServices() { observers_.remove(*share_); }

void BridgeServices::configure(const BridgeConfig& config) { configure_share(config.share); }

void BridgeServices::configure_share(const ShareConfig& config) {
  if (config.listen != share_config_.listen) {
    listen_at<ShareServer>(reactor_, "share.listen", config.listen, share_);
  }
  share_->allow_control(config.allow_control);
  share_config_ = config;
}

std::vector<std::string> BridgeServices::status() const {
  std::vector<std::string> lines;
  if (!share_config_.listen.empty()) {
    lines.push_back(
        fmt::format("share: {} listeners, {} dropped so far", share_->size(), share_->dropped()));
  }
  return lines;
}

std::vector<std::string> services_plan(const BridgeConfig& config) {
  std::vector<std::string> lines;
  if (const ShareConfig& share = config.share; !share.listen.empty()) {
    lines.push_back(fmt::format("lets programs {}listen to Julius at {}{}",
                                is_open_to_others(share.listen) ? "of other machines, too, " : "",
                                share.listen, share.allow_control ? ", and command it" : ""));
  }
  return lines;
}

}  // namespace bunshin
