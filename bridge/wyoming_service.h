#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bridge/bridge_service.h"
#include "bridge/command_outcomes.h"
#include "bridge/wyoming_server.h"

namespace bunshin {

/// [wyoming]: another ear than Julius, under the same rules and in the same queue.
class WyomingService : public BridgeService {
 public:
  explicit WyomingService(const ServiceContext& context);
  ~WyomingService() override;

  void configure(const BridgeConfig& config) override;
  void tell(std::vector<std::string>& lines) const override;
  void write(PrometheusText& text) const override;

 private:
  void hear(const std::string& text, CommandOutcomes::Done done);

  ServiceContext context_;
  CommandOutcomes outcomes_;
  std::shared_ptr<WyomingHall> hall_ = std::make_shared<WyomingHall>();
  WyomingConfig config_;
};

}  // namespace bunshin
