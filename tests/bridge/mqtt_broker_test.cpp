#include "bridge/mqtt_broker.h"

#include <gmock/gmock.h>

#include <map>

#include "tests/bridge/io_fixture.h"
#include "tests/bridge/mosquitto.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kOnline = "online";
constexpr const char* kOffline = "offline";

/// What a broker says.
struct Ear : MqttListener {
  void broker_connected() override {
    ++connects;
    if (on_connected) on_connected();
  }
  void broker_lost() override { ++losses; }
  void broker_gone() override { ++gone; }
  void broker_says(std::string_view topic, std::string_view payload, bool retained) override {
    heard[std::string(topic)] = payload;
    ++messages;
    retained_messages += retained ? 1 : 0;
  }
  std::map<std::string, std::string> heard;  // the last by topic
  std::function<void()> on_connected;
  std::size_t messages = 0;
  std::size_t retained_messages = 0;
  int connects = 0;
  int losses = 0;
  int gone = 0;
};

MqttConfig config_for(const std::string& address) {
  MqttConfig config;
  config.broker = address;
  config.port = std::stoi(address.substr(address.rfind(':') + 1));
  return config;
}

class MqttBrokerTest : public EngineCase {
 protected:
  ~MqttBrokerTest() override {
    reactor.for_each([](EventHandler& handler) {
      if (auto* one = dynamic_cast<MqttBroker*>(&handler)) one->forget();
    });
  }
  MqttBroker& join(const MqttConfig& config, Ear& listener, const char* name = "us") {
    return reactor.emplace<MqttBroker>(
        config, MqttBroker::Will{std::string(name) + "/state", kOffline}, listener, kSoon);
  }
  /// Another client, which hears everything.
  MqttBroker& listen_to(const std::string& address) {
    auto& client = join(config_for(address), other_ear, "other");
    run_until([&] { return client.is_connected(); });
    client.subscribe("#");
    settle();
    return client;
  }
  bool hears(const std::string& topic, const std::string& payload) {
    return run_until([&] { return other_ear.heard[topic] == payload; });
  }

  /// Commands us until it arrives: we may not have subscribed yet when it is there.
  bool command(MqttBroker& other) {
    return run_until([&] {
      other.publish("us/command", "#M1");
      settle();
      return ear.heard["us/command"] == "#M1";
    });
  }

  Ear ear, other_ear;
};
BUNSHIN_EVERY_ENGINE(MqttBrokerTest);

TEST_P(MqttBrokerTest, PublishesAndHears) {
  const Mosquitto mosquitto;
  auto& broker = join(config_for(mosquitto.address()), ear);
  EXPECT_FALSE(broker.publish("us/heard", "too early"));
  run_until([&] { return broker.is_connected(); });

  auto& other = listen_to(mosquitto.address());
  EXPECT_TRUE(broker.publish("us/heard", "赤"));
  EXPECT_TRUE(hears("us/heard", "赤"));
  EXPECT_TRUE(broker.publish("us/state", kOnline, true));
  broker.subscribe("us/command");
  EXPECT_TRUE(command(other));
  EXPECT_EQ(ear.retained_messages, 0U);
  EXPECT_EQ(broker.published(), 2U);
  EXPECT_EQ(broker.lost(), 1U);
  EXPECT_EQ(log.count("1 messages could not be published meanwhile"), 1U);
  EXPECT_LT(rounds_in(), kFewRounds) << "it sleeps";
}

TEST_P(MqttBrokerTest, AThousandMessagesArriveInTheirOrder) {
  const Mosquitto mosquitto;
  auto& broker = join(config_for(mosquitto.address()), ear);
  run_until([&] { return broker.is_connected(); });
  listen_to(mosquitto.address());
  for (int count = 0; count < 900; ++count) {
    EXPECT_TRUE(broker.publish("us/heard", std::to_string(count)));
  }
  run_until([&] { return other_ear.messages == 900; });
  EXPECT_EQ(other_ear.heard["us/heard"], "899");
}

TEST_P(MqttBrokerTest, OneThatIsNotThereIsWaitedForAndToldOnce) {
  const int port = refusing_address(Family::ipv4).port();
  auto& broker = join(config_for("127.0.0.1:" + std::to_string(port)), ear);
  run_until([&] { return log.count("cannot reach the MQTT broker") > 0; });
  EXPECT_LT(rounds_in(100ms), 1000U);
  EXPECT_EQ(log.count("cannot reach the MQTT broker"), 1U);
  EXPECT_NE(broker.reason(), "");
  const Mosquitto mosquitto("", port);
  run_until([&] { return broker.is_connected(); });
  EXPECT_EQ(ear.connects, 1);
}

TEST_P(MqttBrokerTest, OneThatGoesAwayIsConnectedToAgain) {
  auto mosquitto = std::make_unique<Mosquitto>();
  const int port = mosquitto->port();
  auto& broker = join(config_for(mosquitto->address()), ear);
  run_until([&] { return broker.is_connected(); });
  mosquitto.reset();
  run_until([&] { return ear.losses == 1; });
  EXPECT_FALSE(broker.publish("us/heard", "lost"));
  EXPECT_EQ(log.count("lost the MQTT broker"), 1U);
  mosquitto = std::make_unique<Mosquitto>("", port);
  run_until([&] { return ear.connects == 2; });
  listen_to(mosquitto->address());
  EXPECT_TRUE(broker.publish("us/heard", "again"));
  EXPECT_TRUE(hears("us/heard", "again"));
}

TEST_P(MqttBrokerTest, TheWillIsPublishedWhenWeAreGone) {
  const Mosquitto mosquitto;
  listen_to(mosquitto.address());
  auto& broker = join(config_for(mosquitto.address()), ear);
  run_until([&] { return broker.is_connected(); });
  broker.publish("us/state", kOnline, true);
  EXPECT_TRUE(hears("us/state", kOnline));
  broker.close();
  EXPECT_TRUE(hears("us/state", kOffline));
  EXPECT_EQ(ear.gone, 1);
}

TEST_P(MqttBrokerTest, FinishingTellsAndLeaves) {
  const Mosquitto mosquitto;
  listen_to(mosquitto.address());
  auto& broker = join(config_for(mosquitto.address()), ear);
  run_until([&] { return broker.is_connected(); });
  broker.publish("us/heard", "the last");
  const auto began = Clock::now();
  broker.handle_finish();
  run_until([&] { return ear.gone == 1; });
  EXPECT_LT(Clock::now() - began, 1s);
  EXPECT_TRUE(hears("us/state", kOffline));
  EXPECT_EQ(other_ear.heard["us/heard"], "the last");
}

TEST_P(MqttBrokerTest, FinishingWithoutABrokerEndsAtOnce) {
  join(config_for(refusing_address(Family::ipv4).to_string()), ear);
  run_until([&] { return log.count("cannot reach") == 1; });
  reactor.finish(5s);
  const auto began = Clock::now();
  reactor.run();
  EXPECT_LT(Clock::now() - began, 1s);
}

TEST_P(MqttBrokerTest, AWrongPasswordIsToldOnce) {
  TempFolder folder;
  const std::string passwords = folder.path("passwords");
  Program tool({"/usr/bin/mosquitto_passwd", "-b", "-c", passwords, "robot", "right"});
  ASSERT_EQ(tool.wait(), 0);
  const Mosquitto mosquitto("allow_anonymous false\npassword_file " + passwords);
  MqttConfig config = config_for(mosquitto.address());
  config.username = "robot";
  config.password_file = folder.write("wrong", "wrong\n");
  auto& wrong = join(config, ear);
  run_until([&] { return log.count("it refuses us: ") == 1; });
  EXPECT_LT(rounds_in(100ms), 2000U) << "it waits before it tries again";
  EXPECT_EQ(log.count("it refuses us: "), 1U);
  EXPECT_FALSE(wrong.is_connected());
  wrong.forget();
  wrong.close();
  config.password_file = folder.write("right", "right\n");
  auto& right = join(config, ear);
  run_until([&] { return right.is_connected(); });
}

TEST_P(MqttBrokerTest, FilesThatCanNotBeReadAreNamed) {
  for (const char* key : {"password_file", "ca_file", "cert_file"}) {
    MqttConfig config = config_for("127.0.0.1:1");
    config.tls = true;
    config.username = "robot";
    (key == std::string("password_file") ? config.password_file
     : key == std::string("ca_file")     ? config.ca_file
                                         : config.cert_file) = "/nonexistent";
    try {
      join(config, ear);
      ADD_FAILURE() << key;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(std::string("mqtt.") + key + ": /nonexistent"));
    }
  }
}

class MqttTlsTest : public MqttBrokerTest {
 protected:
  static std::string settings(const Certificate& certificate) {
    return "certfile " + certificate.certificate + "\nkeyfile " + certificate.key;
  }
  static MqttConfig tls(const Mosquitto& mosquitto, const std::string& authority,
                        const char* host = "localhost") {
    MqttConfig config = config_for(host + (":" + std::to_string(mosquitto.port())));
    config.tls = true;
    config.ca_file = authority;
    return config;
  }
  /// Tells why it is not connected.
  void expect_refused(const MqttConfig& config, const char* why) {
    auto& broker = join(config, ear);
    run_until([&] { return !broker.reason().empty(); });
    EXPECT_THAT(broker.reason(), HasSubstr(why));
    EXPECT_FALSE(broker.is_connected());
    EXPECT_LT(rounds_in(100ms), 2000U);
    broker.forget();
    broker.close();
  }
};
BUNSHIN_EVERY_ENGINE(MqttTlsTest);

TEST_P(MqttTlsTest, ACertificateThatIsTrustedAndForTheNameIsTaken) {
  const Certificate certificate("20200101000000Z", "21000101000000Z");
  const Mosquitto mosquitto(settings(certificate));
  for (const char* host : {"localhost", "127.0.0.1"}) {
    auto& broker = join(tls(mosquitto, certificate.certificate, host), ear);
    run_until([&] { return broker.is_connected(); });
    broker.forget();
  }
}

TEST_P(MqttTlsTest, OthersAreRefused) {
  const Certificate good("20200101000000Z", "21000101000000Z");
  const Certificate other("20200101000000Z", "21000101000000Z");
  const Certificate expired("20200101000000Z", "20200102000000Z");
  {
    const Mosquitto mosquitto(settings(expired));
    expect_refused(tls(mosquitto, expired.certificate), "certificate verify failed");
  }
  const Mosquitto mosquitto(settings(good));
  expect_refused(tls(mosquitto, other.certificate), "certificate verify failed");
  expect_refused(tls(mosquitto, ""), "certificate verify failed");
  MqttConfig plain = config_for(mosquitto.address());
  auto& broker = join(plain, ear);
  run_until([&] { return !broker.reason().empty(); });
  EXPECT_FALSE(broker.is_connected());
  EXPECT_EQ(log.count("expired, is for another name, or is signed by nobody known"), 3U);
}

// Brokers that pass messages on to each other are how many robots share more than one machine.
TEST_P(MqttBrokerTest, ABridgeOfTwoBrokersCarriesBothWays) {
  const Mosquitto first;
  const Mosquitto second("connection to-first\naddress " + first.address() + "\ntopic # both 1\n");
  auto& broker = join(config_for(first.address()), ear);
  run_until([&] { return broker.is_connected(); });
  broker.subscribe("us/command");
  auto& other = listen_to(second.address());
  // The bridge connects a moment after its broker has begun to listen.
  run_until(
      [&] {
        broker.publish("us/heard", "over there");
        settle();
        return other_ear.heard["us/heard"] == "over there";
      },
      10s);
  EXPECT_TRUE(command(other));
}

TEST_P(MqttBrokerTest, AnAddressThatNeverAnswersHoldsNobodyUp) {
  const BlackHole hole(refusing_address(Family::ipv4));
  join(config_for(hole.listener.address.to_string()), ear);
  const auto began = Clock::now();
  bool ran = false;
  reactor.call_later(20ms, [&] { ran = true; });
  run_until([&] { return ran; });
  EXPECT_LT(Clock::now() - began, 1s);
  EXPECT_LT(rounds_in(), kFewRounds);
}

}  // namespace
}  // namespace bunshin::testing
