#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bridge/bridge_control.h"
#include "bridge/bridge_metrics.h"
#include "bridge/bridge_service.h"

namespace bunshin {

/// What a bridge does for other programs, each section of its configuration that is there one
/// service. Made after the bridge, and gone before the reactor and `observers`, those of the
/// bridge. In the reactor's thread.
class BridgeServices : public BridgeControl {
 public:
  /// Throws std::runtime_error for an address that can not be had, with its key.
  BridgeServices(const ServiceContext& context, const BridgeConfig& config);
  ~BridgeServices() override;
  BridgeServices(const BridgeServices&) = delete;
  BridgeServices& operator=(const BridgeServices&) = delete;

  void configure(const BridgeConfig& config) override;
  [[nodiscard]] std::vector<std::string> status() const override;
  /// What is not well with the bridge, in a sentence; empty: all is.
  [[nodiscard]] std::string trouble() const;
  /// How things stand, in one line.
  [[nodiscard]] std::string summary() const;

 private:
  void write(PrometheusText& text) const;

  ServiceContext context_;
  BridgeMetrics metrics_;
  std::vector<std::unique_ptr<BridgeService>> services_;
};

/// What a bridge of that configuration does for others, a line each.
std::vector<std::string> services_plan(const BridgeConfig& config);

}  // namespace bunshin
