#include <gmock/gmock.h>

#include "tests/bridge/config_problem.h"

namespace bunshin::testing {
namespace {

using ::testing::StartsWith;

TEST(ConfigMqtt, ReadsEveryKey) {
  EXPECT_EQ(parse_config("", "x.toml").mqtt, MqttConfig());
  const MqttConfig mqtt = parse_config(R"([mqtt]
broker = "mqtts://broker.lan"
name = "rapiro-2"
username = "robot"
password_file = "/etc/bunshin/password"
ca_file = "/etc/bunshin/ca.pem"
cert_file = "/etc/bunshin/cert.pem"
key_file = "/etc/bunshin/key.pem"
discovery = true
)",
                                       "x.toml")
                              .mqtt;
  EXPECT_EQ(mqtt.broker, "broker.lan:8883");
  EXPECT_EQ(mqtt.port, 8883);
  EXPECT_TRUE(mqtt.tls);
  EXPECT_EQ(mqtt.name, "rapiro-2");
  EXPECT_EQ(mqtt.password_file, "/etc/bunshin/password");
  EXPECT_TRUE(mqtt.discovery);
  EXPECT_EQ(parse_config("[mqtt]\nbroker = \"mqtt://[::1]\"\n", "x").mqtt.broker, "[::1]:1883");
  EXPECT_EQ(parse_config("[mqtt]\nbroker = \"mqtt://b:1884/\"\n", "x").mqtt.port, 1884);
}

TEST(ConfigMqtt, WhatIsWrongIsNamedWithLineAndKey) {
  const std::string plain = "[mqtt]\nbroker = \"mqtt://b\"\n";
  const std::string tls = "[mqtt]\nbroker = \"mqtts://b\"\n";
  const std::pair<std::string, const char*> cases[] = {
      {"[mqtt]\n", "1: mqtt.broker: missing: such as mqtt://localhost"},
      {"mqtt = \"mqtt://b\"\n", "1: mqtt: should be a table: [mqtt]"},
      {"[mqt]\n", "1: mqt: unknown key, did you mean \"mqtt\"?"},
      {"[mqtt]\nbroker = 1883\n", "2: mqtt.broker: should be a string"},
      {"[mqtt]\nbroker = \"localhost\"\n", "2: mqtt.broker: \"localhost\" should be mqtt://HOST"},
      {"[mqtt]\nbroker = \"https://b\"\n", "2: mqtt.broker: \"https://b\" should be mqtt://HOST"},
      {"[mqtt]\nbroker = \"mqtt://\"\n", "2: mqtt.broker: "},
      {"[mqtt]\nbroker = \"mqtt://b:0\"\n", "2: mqtt.broker: \"0\" is not a port"},
      {"[mqtt]\nbroker = \"mqtt://b/robots\"\n", "2: mqtt.broker: a path means nothing"},
      {"[mqtt]\nbroker = \"mqtt://me:secret@b\"\n", "2: mqtt.broker: the name of a user goes into"},
      {plain + "name = \"a/b\"\n", "3: mqtt.name: \"a/b\" should be letters"},
      {plain + "name = \"ロボット\"\n", "3: mqtt.name: "},
      {plain + "name = \"\"\n", "3: mqtt.name: "},
      {plain + "password = \"secret\"\n", "3: mqtt.password: unknown key"},
      {plain + "password_file = \"/x\"\n", "3: mqtt.password_file: a password without a username"},
      {plain + "ca_file = \"/x\"\n", "3: mqtt.ca_file: it is for TLS: the broker should be mqtts"},
      {tls + "ca_file = \"\"\n", "3: mqtt.ca_file: it is empty"},
      {tls + "cert_file = \"/x\"\n", "3: mqtt.cert_file: cert_file and key_file go together"},
      {plain + "discovery = \"yes\"\n", "3: mqtt.discovery: should be"},
      {plain + "discovry = true\n", "3: mqtt.discovry: unknown key, did you mean \"discovery\"?"},
  };
  for (const auto& [text, complaint] : cases) EXPECT_THAT(problem(text), StartsWith(complaint));
}

}  // namespace
}  // namespace bunshin::testing
