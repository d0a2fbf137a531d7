#include "bridge/wyoming_service.h"

#include <utility>

namespace bunshin {

WyomingService::WyomingService(const ServiceContext& context) : context_(context) {
  context_.observers.add(outcomes_);
  hall_->hear = [this](const std::string& text, CommandOutcomes::Done done) {
    hear(text, std::move(done));
  };
}

WyomingService::~WyomingService() {
  context_.observers.remove(outcomes_);
  hall_->hear = [](const std::string&, const CommandOutcomes::Done&) {};
}

void WyomingService::configure(const BridgeConfig& config) {
  if (config.wyoming.listen != config_.listen) {
    move_listener<WyomingServer>(context_, "wyoming", config.wyoming.listen, hall_);
  }
  hall_->languages = config.wyoming.languages;
  config_ = config.wyoming;
}

void WyomingService::hear(const std::string& text, CommandOutcomes::Done done) {
  auto* const bridge = find_handler<Bridge>(context_.reactor);
  if (bridge == nullptr) return done({false, "The bridge is ending."});
  outcomes_.follow(std::move(done), [&] { bridge->hear_text(text); });
}

void WyomingService::tell(std::vector<std::string>& lines) const {
  if (config_.listen.empty()) return;
  lines.push_back(
      fmt::format("wyoming: {} clients, {} transcripts taken", hall_->clients, hall_->transcripts));
}

void WyomingService::write(PrometheusText& text) const {
  text.gauge("bunshin_wyoming_clients", "Clients of the Wyoming protocol.",
             static_cast<double>(hall_->clients));
  text.counter("bunshin_wyoming_transcripts_total", "Transcripts they have brought.",
               static_cast<double>(hall_->transcripts));
  text.counter("bunshin_wyoming_errors_total", "Clients let go for what they sent.",
               static_cast<double>(hall_->errors));
}

}  // namespace bunshin
