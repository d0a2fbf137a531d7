#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/bridge_service.h"
#include "bridge/mqtt_broker.h"

namespace bunshin {

/// [mqtt]: what is heard, sent and answered is published under bunshin/NAME/, and commands are
/// taken from there.
class MqttService : public BridgeService, public BridgeObserver, public MqttListener {
 public:
  explicit MqttService(const ServiceContext& context);
  ~MqttService() override;

  void configure(const BridgeConfig& config) override;
  void tell(std::vector<std::string>& lines) const override;
  void write(PrometheusText& text) const override;
  [[nodiscard]] std::string trouble() const override;

  void engine_connected() override { publish_state(); }
  void engine_lost() override { publish_state(); }
  void line_opened() override { publish_state(); }
  void line_lost() override { publish_state(); }
  void heard(const Decision& decision) override;
  void sent(std::string_view command) override;
  void answered(std::string_view command, std::string_view reply) override;
  void gave_up(std::string_view command, std::string_view reason) override;
  void dropped(std::string_view command, std::string_view reason) override;
  void refused(std::string_view command, std::string_view reason) override;

  void broker_connected() override;
  void broker_gone() override { broker_ = nullptr; }
  void broker_says(std::string_view topic, std::string_view payload, bool retained) override;

 private:
  [[nodiscard]] std::string topic(std::string_view what) const;
  void publish(std::string_view what, const std::string& payload, bool retained = false);
  void publish_state();
  void publish_end(std::string_view command, const char* outcome, std::string_view what);
  void publish_discovery();

  ServiceContext context_;
  MqttConfig config_;
  MqttBroker* broker_ = nullptr;  // the reactor's
  std::vector<Rule> rules_;
  std::string state_;                 // as it was published last
  std::set<std::string> discovered_;  // topics that were published
};

}  // namespace bunshin
