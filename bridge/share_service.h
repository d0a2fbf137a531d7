#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bridge/bridge_service.h"
#include "bridge/share.h"

namespace bunshin {

/// [share]: other programs hear the engine through us.
class ShareService : public BridgeService {
 public:
  explicit ShareService(const ServiceContext& context);
  ~ShareService() override;

  void configure(const BridgeConfig& config) override;
  void tell(std::vector<std::string>& lines) const override;
  void write(PrometheusText& text) const override;

 private:
  ServiceContext context_;
  std::shared_ptr<ShareRoom> room_;
  ShareConfig config_;
};

}  // namespace bunshin
