#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "bridge/config_readers.h"
#include "reactor/socket_address.h"

namespace bunshin {
namespace {

#ifdef BUNSHIN_HAS_MQTT
constexpr bool kHasMqtt = true;
#else
constexpr bool kHasMqtt = false;
#endif
constexpr std::string_view kPlain = "mqtt://";
constexpr std::string_view kTls = "mqtts://";

/// "mqtts://host" is host:8883, with TLS.
void read_broker(const ConfigSection& section, MqttConfig& mqtt) {
  const auto broker = section.text("broker");
  if (!broker) section.fail("broker", "missing: such as mqtt://localhost or mqtts://broker.lan");
  std::string_view rest = *broker;
  mqtt.tls = rest.starts_with(kTls);
  if (!mqtt.tls && !rest.starts_with(kPlain)) {
    section.fail("broker",
                 fmt::format("\"{}\" should be mqtt://HOST:PORT, or mqtts:// for TLS", *broker));
  }
  rest.remove_prefix((mqtt.tls ? kTls : kPlain).size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('@') != rest.npos) {
    section.fail("broker",
                 "the name of a user goes into username, a password into the file that "
                 "password_file names");
  }
  if (rest.find('/') != rest.npos) section.fail("broker", "a path means nothing to a broker");
  const bool bracketed = rest.starts_with('[') && rest.ends_with(']');
  const bool has_port = !bracketed && rest.find(':') != rest.npos;
  mqtt.broker = std::string(rest) + (has_port ? "" : mqtt.tls ? ":8883" : ":1883");
  if (const auto problem = address_problem(mqtt.broker)) section.fail("broker", *problem);
  mqtt.port = std::stoi(mqtt.broker.substr(mqtt.broker.rfind(':') + 1));
}

bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '_' ||
           c == '-';
  });
}

/// TLS keys without TLS are a mistake that would go unseen.
void read_tls(const ConfigSection& section, MqttConfig& mqtt) {
  mqtt.ca_file = section.text("ca_file").value_or("");
  mqtt.cert_file = section.text("cert_file").value_or("");
  mqtt.key_file = section.text("key_file").value_or("");
  for (const char* key : {"ca_file", "cert_file", "key_file"}) {
    if (!section.has(key)) continue;
    if (!mqtt.tls) section.fail(key, "it is for TLS: the broker should be mqtts://...");
    if (section.text(key)->empty()) section.fail(key, "it is empty");
  }
  if (mqtt.cert_file.empty() != mqtt.key_file.empty()) {
    section.fail(mqtt.cert_file.empty() ? "key_file" : "cert_file",
                 "cert_file and key_file go together");
  }
}

}  // namespace

void read_mqtt_section(const ConfigSection& section, BridgeConfig& config) {
  section.allow_only({"broker", "name", "username", "password_file", "ca_file", "cert_file",
                      "key_file", "discovery"});
  if (!kHasMqtt) section.fail("broker", "this program was built without libmosquitto, and so MQTT");
  MqttConfig& mqtt = config.mqtt;
  read_broker(section, mqtt);
  mqtt.name = section.text("name").value_or(mqtt.name);
  if (!is_name(mqtt.name)) {
    section.fail("name",
                 fmt::format("\"{}\" should be letters, digits, _ and - of ASCII: it is part "
                             "of topics",
                             mqtt.name));
  }
  mqtt.username = section.text("username").value_or("");
  mqtt.password_file = section.text("password_file").value_or("");
  if (mqtt.username.empty() && !mqtt.password_file.empty()) {
    section.fail("password_file", "a password without a username");
  }
  read_tls(section, mqtt);
  mqtt.discovery = section.flag("discovery").value_or(mqtt.discovery);
}

}  // namespace bunshin
