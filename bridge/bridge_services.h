#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bridge/bridge_control.h"
#include "bridge/bridge_observers.h"
#include "bridge/share.h"

namespace bunshin {

/// What a bridge does for other programs: each section of its configuration that is there, one
/// service. Made after the bridge, and gone before the reactor; `observers` are those of the
/// bridge. In the reactor's thread.
class BridgeServices : public BridgeControl {
 public:
  /// Throws std::runtime_error for an address that can not be had, with its key.
  BridgeServices(Reactor& reactor, BridgeObservers& observers, const BridgeConfig& config);
  ~BridgeServices() override;
  BridgeServices(const BridgeServices&) = delete;
  BridgeServices& operator=(const BridgeServices&) = delete;

  void configure(const BridgeConfig& config) override;
  [[nodiscard]] std::vector<std::string> status() const override;

 private:
  void configure_share(const ShareConfig& config);

  Reactor& reactor_;
  BridgeObservers& observers_;
  const std::shared_ptr<ShareRoom> share_;
  ShareConfig share_config_;
};

/// What a bridge of that configuration does for others, a line each.
std::vector<std::string> services_plan(const BridgeConfig& config);

}  // namespace bunshin
