#pragma once

#include <functional>
#include <string>

#include "bridge/bridge_service.h"
#include "handlers/http/http_server.h"

namespace bunshin {

/// [status]: /healthz says whether all is well, /metrics what has happened.
class StatusService : public BridgeService {
 public:
  /// `trouble`: what is not well, empty when all is. `metrics`: those of the whole bridge.
  StatusService(const ServiceContext& context, std::function<std::string()> trouble,
                std::function<void(PrometheusText&)> metrics);
  ~StatusService() override;

  void configure(const BridgeConfig& config) override;
  void write(PrometheusText& text) const override;

 private:
  void serve(const StatusConfig& config);
  void end();

  ServiceContext context_;
  std::function<std::string()> trouble_;
  std::function<void(PrometheusText&)> metrics_;
  StatusConfig config_;
  DurationHistogram lag_;
};

}  // namespace bunshin
