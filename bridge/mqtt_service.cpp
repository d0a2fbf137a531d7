#include "bridge/mqtt_service.h"

#include <utility>

#include "bridge/mqtt_messages.h"
#include "reactor/printable.h"

namespace bunshin {
namespace {

constexpr std::size_t kMostCommand = 256;

/// What is asked of our own accord, many times a second while it moves.
bool is_question(std::string_view command) { return command == "#C" || command == "#Q"; }

/// What `mosquitto_pub -l`, or a person, leaves around a command.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

}  // namespace

MqttService::MqttService(const ServiceContext& context) : context_(context) {
  context_.observers.add(*this);
}

MqttService::~MqttService() {
  context_.observers.remove(*this);
  if (broker_ != nullptr) broker_->forget();
}

void MqttService::configure(const BridgeConfig& config) {
  rules_ = config.rules;
  if (config.mqtt == config_) return publish_discovery();
  MqttBroker* const before = broker_;
  MqttBroker* fresh = nullptr;
  const std::string state_topic = fmt::format("bunshin/{}/state", config.mqtt.name);
  if (!config.mqtt.broker.empty()) {
    fresh = &context_.reactor.emplace<MqttBroker>(
        config.mqtt, MqttBroker::Will{state_topic, state_message({})}, *this);
  }
  config_ = config.mqtt;
  broker_ = fresh;
  discovered_.clear();
  if (before == nullptr) return;
  before->forget();
  before->handle_finish();
}

std::string MqttService::topic(std::string_view what) const {
  return fmt::format("bunshin/{}/{}", config_.name, what);
}

void MqttService::publish(std::string_view what, const std::string& payload, bool retained) {
  if (broker_ != nullptr) broker_->publish(topic(what), payload, retained);
}

void MqttService::publish_state() {
  if (broker_ == nullptr || !broker_->is_connected()) return;
  const auto* const bridge = find_handler<Bridge>(context_.reactor);
  const auto* const line = find_handler<SerialPort>(context_.reactor);
  std::string state = state_message(
      {true, bridge != nullptr && bridge->connected(), line != nullptr && line->is_open()});
  if (state == state_) return;
  publish("state", state, true);
  state_ = std::move(state);
}

void MqttService::publish_discovery() {
  if (broker_ == nullptr || !broker_->is_connected()) return;
  std::set<std::string> gone = std::exchange(discovered_, {});
  if (config_.discovery) {
    for (const auto& [where, message] : discovery_messages(config_.name, rules_)) {
      broker_->publish(where, message, true);
      discovered_.insert(where);
      gone.erase(where);
    }
  }
  for (const std::string& where : gone) broker_->publish(where, "", true);
}

void MqttService::broker_connected() {
  state_.clear();
  publish_state();
  publish_discovery();
  broker_->subscribe(topic("command"));
}

/// A retained command was sent to whom it may concern, long ago: a robot that obeyed it each time
/// we connect would surprise those who stand before it.
void MqttService::broker_says(std::string_view, std::string_view payload, bool retained) {
  const std::string_view command = trimmed(payload);
  if (retained || command.empty() || command.size() > kMostCommand) {
    log(LogLevel::warning, "a command by MQTT is not taken: {}",
        retained          ? "it is retained, so nobody knows how old it is"
        : command.empty() ? "it is empty"
                          : "it is too long");
    return;
  }
  log(LogLevel::info, "told by MQTT: {}", printable(command));
  if (auto* const bridge = find_handler<Bridge>(context_.reactor)) {
    bridge->order(std::string(command));
  }
}

void MqttService::heard(const Decision& decision) { publish("heard", heard_message(decision)); }

void MqttService::sent(std::string_view command) {
  if (!is_question(command)) publish("sent", sent_message(command));
}

void MqttService::answered(std::string_view command, std::string_view reply) {
  if (is_question(command)) return;
  publish("reply", reply_message(command, "answered", "reply", reply));
}

void MqttService::gave_up(std::string_view command, std::string_view reason) {
  publish_end(command, "given_up", reason);
}
void MqttService::dropped(std::string_view command, std::string_view reason) {
  publish_end(command, "dropped", reason);
}
void MqttService::refused(std::string_view command, std::string_view reason) {
  publish_end(command, "refused", reason);
}

void MqttService::publish_end(std::string_view command, const char* outcome,
                              std::string_view reason) {
  publish("reply", reply_message(command, outcome, "reason", reason));
}

void MqttService::tell(std::vector<std::string>& lines) const {
  if (broker_ == nullptr) return;
  lines.push_back(fmt::format("the MQTT broker {}: {}, {} messages published, {} lost",
                              config_.broker, broker_->is_connected() ? "connected" : "away",
                              broker_->published(), broker_->lost()));
}

std::string MqttService::trouble() const {
  if (broker_ == nullptr || broker_->is_connected()) return {};
  return fmt::format("the MQTT broker {} is away", config_.broker);
}

void MqttService::write(PrometheusText& text) const {
  if (broker_ == nullptr) return;
  text.gauge("bunshin_mqtt_connected", "Whether the broker is there.",
             broker_->is_connected() ? 1 : 0);
  text.counter("bunshin_mqtt_published_total", "Messages given to the broker.",
               static_cast<double>(broker_->published()));
  text.counter("bunshin_mqtt_lost_total", "Messages that could not be published.",
               static_cast<double>(broker_->lost()));
}

}  // namespace bunshin
