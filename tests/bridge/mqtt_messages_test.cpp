#include "bridge/mqtt_messages.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

namespace bunshin::testing {
namespace {

using Json = nlohmann::json;

TEST(MqttMessages, AreOneLineOfJson) {
  EXPECT_EQ(state_message({}), "{\"online\":false}");
  EXPECT_EQ(state_message({true, true, false}), "{\"julius\":true,\"line\":false,\"online\":true}");
  EXPECT_EQ(sent_message("#M1"), "{\"command\":\"#M1\"}");
  EXPECT_EQ(reply_message("#M1", "answered", "reply", "#M1"),
            "{\"command\":\"#M1\",\"outcome\":\"answered\",\"reply\":\"#M1\"}");
  EXPECT_EQ(Json::parse(reply_message("#M1", "dropped", "reason", "\xff\n"))["reason"], "\uFFFD\n");
}

TEST(MqttMessages, TellWhatWasHeard) {
  const Rule rule{"赤 に 光れ", "#PR255G000B000T010", {}};
  Decision decision;
  decision.outcome = Decision::Outcome::send;
  decision.phrase = rule.words;
  decision.rule = &rule;
  decision.command = rule.send;
  decision.confidence = 0.5;
  EXPECT_EQ(Json::parse(heard_message(decision)), (Json{{"phrase", rule.words},
                                                        {"outcome", "send"},
                                                        {"command", rule.send},
                                                        {"confidence", 0.5}}));
  decision.outcome = Decision::Outcome::no_rule;
  decision.confidence.reset();
  EXPECT_EQ(Json::parse(heard_message(decision)),
            (Json{{"phrase", rule.words}, {"outcome", "no_rule"}}));
}

TEST(MqttMessages, HomeAssistantFindsAButtonForEachCommand) {
  const std::vector<Rule> rules = {{"止まれ", "#M0", {}}, {"赤 に 光れ", "#PR255G000B000T010", {}}};
  const auto messages = discovery_messages("rapiro", rules);
  EXPECT_EQ(messages.size(), 5U) << "two buttons, what was heard, engine and line";
  std::set<std::string> identifiers;
  for (const auto& [topic, text] : messages) {
    const Json entity = Json::parse(text);
    EXPECT_TRUE(topic.starts_with("homeassistant/") && topic.ends_with("/config")) << topic;
    EXPECT_TRUE(identifiers.insert(entity["unique_id"]).second);
    EXPECT_EQ(entity["availability_topic"], "bunshin/rapiro/state");
    EXPECT_EQ(entity["device"]["identifiers"], Json{"bunshin_rapiro"});
  }
  const Json button = Json::parse(messages.at("homeassistant/button/bunshin_rapiro/M0/config"));
  EXPECT_EQ(button["name"], "止まれ");
  EXPECT_EQ(button["command_topic"], "bunshin/rapiro/command");
  EXPECT_EQ(button["payload_press"], "#M0");
}

}  // namespace
}  // namespace bunshin::testing
