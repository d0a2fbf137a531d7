#include "bridge/bridge_services.h"

#include <utility>

#ifdef BUNSHIN_HAS_MQTT
#include "bridge/mqtt_service.h"
#endif
#include "bridge/share_service.h"
#include "bridge/status_service.h"
#include "bridge/wyoming_service.h"

namespace bunshin {
namespace {

double number(bool state) { return state ? 1 : 0; }

}  // namespace

BridgeServices::BridgeServices(const ServiceContext& context, const BridgeConfig& config)
    : context_(context), metrics_(context.reactor) {
  context_.observers.add(metrics_);
  services_.push_back(std::make_unique<ShareService>(context_));
  services_.push_back(std::make_unique<WyomingService>(context_));
#ifdef BUNSHIN_HAS_MQTT
  services_.push_back(std::make_unique<MqttService>(context_));
#endif
  services_.push_back(std::make_unique<StatusService>(
      context_, [this] { return trouble(); }, [this](PrometheusText& text) { write(text); }));
  configure(config);
  for (const std::string& name : context_.manager.unused()) {
    log(LogLevel::warning,
        "systemd passes a socket \"{}\", which nothing listens on: [{}] with "
        "listen = \"{}\" would",
        name, name, kFromSystemd);
  }
}

BridgeServices::~BridgeServices() { context_.observers.remove(metrics_); }

void BridgeServices::configure(const BridgeConfig& config) {
  for (const auto& service : services_) service->configure(config);
}

std::vector<std::string> BridgeServices::status() const {
  std::vector<std::string> lines;
  for (const auto& service : services_) service->tell(lines);
  return lines;
}

std::string BridgeServices::trouble() const {
  const auto* const bridge = find_handler<Bridge>(context_.reactor);
  const auto* const line = find_handler<SerialPort>(context_.reactor);
  if (bridge == nullptr) return "the bridge is ending";
  if (!bridge->connected()) {
    return fmt::format("Julius at {} is away", bridge->endpoint().to_string());
  }
  if (line == nullptr || !line->is_open()) {
    return fmt::format("the serial line {} is away", line == nullptr ? "" : line->device());
  }
  for (const auto& service : services_) {
    if (std::string reason = service->trouble(); !reason.empty()) return reason;
  }
  return {};
}

std::string BridgeServices::summary() const {
  const std::string reason = trouble();
  return fmt::format("{}; {}", reason.empty() ? "all is well" : reason, metrics_.summary());
}

void BridgeServices::write(PrometheusText& text) const {
  text.gauge("bunshin_healthy", "Whether /healthz says so.", number(trouble().empty()));
  if (const auto* const bridge = find_handler<Bridge>(context_.reactor)) {
    text.gauge("bunshin_julius_connected", "Whether the engine is there.",
               number(bridge->connected()));
    text.counter("bunshin_julius_skipped_total", "Messages of the engine that were none.",
                 static_cast<double>(bridge->skipped()));
    text.counter("bunshin_julius_damaged_total", "Messages of the engine read in part.",
                 static_cast<double>(bridge->damaged()));
    text.gauge("bunshin_commands_waiting", "Commands that the robot has not answered yet.",
               static_cast<double>(bridge->waiting()));
  }
  if (const auto* const line = find_handler<SerialPort>(context_.reactor)) {
    text.gauge("bunshin_line_open", "Whether the serial line is open.", number(line->is_open()));
  }
  metrics_.write(text);
  for (const auto& service : services_) service->write(text);
}

std::vector<std::string> services_plan(const BridgeConfig& config) {
  std::vector<std::string> lines;
  const auto others = [](const std::string& listen) {
    return is_open_to_others(listen) ? "of other machines, too, " : "";
  };
  if (const ShareConfig& share = config.share; !share.listen.empty()) {
    lines.push_back(fmt::format("lets programs {}listen to Julius at {}{}", others(share.listen),
                                share.listen, share.allow_control ? ", and command it" : ""));
  }
  if (const std::string& listen = config.wyoming.listen; !listen.empty()) {
    lines.push_back(
        fmt::format("takes what programs {}have heard at {} (Wyoming)", others(listen), listen));
  }
  if (const MqttConfig& mqtt = config.mqtt; !mqtt.broker.empty()) {
    lines.push_back(fmt::format("tells the MQTT broker {}{}, and is commanded by it", mqtt.broker,
                                mqtt.tls ? " (TLS)" : ""));
  }
  if (const std::string& listen = config.status.listen; !listen.empty()) {
    lines.push_back(fmt::format("tells programs {}how it stands at {}", others(listen), listen));
  }
  return lines;
}

}  // namespace bunshin
