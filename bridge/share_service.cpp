#include "bridge/share_service.h"

#include <utility>

namespace bunshin {

ShareService::ShareService(const ServiceContext& context)
    : context_(context),
      room_(std::make_shared<ShareRoom>([&reactor = context.reactor](std::string command) {
        auto* const bridge = find_handler<Bridge>(reactor);
        return bridge != nullptr && bridge->command(std::move(command));
      })) {
  context_.observers.add(*room_);
}

ShareService::~ShareService() { context_.observers.remove(*room_); }

void ShareService::configure(const BridgeConfig& config) {
  if (config.share.listen != config_.listen) {
    move_listener<ShareServer>(context_, "share", config.share.listen, room_);
  }
  room_->allow_control(config.share.allow_control);
  config_ = config.share;
}

void ShareService::tell(std::vector<std::string>& lines) const {
  if (config_.listen.empty()) return;
  lines.push_back(fmt::format("share: {} listeners, {} dropped so far", room_->size(),
                              room_->dropped_clients()));
}

void ShareService::write(PrometheusText& text) const {
  text.gauge("bunshin_share_listeners", "Programs that hear the engine through us.",
             static_cast<double>(room_->size()));
  text.counter("bunshin_share_dropped_total", "Listeners let go because they did not read.",
               static_cast<double>(room_->dropped_clients()));
}

}  // namespace bunshin
