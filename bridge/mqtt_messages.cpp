#include "bridge/mqtt_messages.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace bunshin {
namespace {

using Json = nlohmann::json;

/// What is not UTF-8 is replaced.
std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Letters and digits of a command, as part of an identifier: "#M1" is "M1".
std::string identifier_of(std::string_view command) {
  std::string identifier;
  for (const char c : command) {
    const bool fits = ('0' <= c && c <= '9') || ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z');
    identifier += fits ? std::string(1, c) : c == '#' ? "" : "_";
  }
  return identifier;
}

/// The entities of one robot.
class Discovery {
 public:
  explicit Discovery(std::string_view name)
      : name_(name), device_(fmt::format("bunshin_{}", name)) {}

  void add(std::string_view component, const std::string& object, Json entity) {
    entity["unique_id"] = fmt::format("{}_{}", device_, object);
    entity["availability_topic"] = topic("state");
    entity["availability_template"] = "{{ 'online' if value_json.online else 'offline' }}";
    entity["device"] = {{"identifiers", {device_}},
                        {"name", name_},
                        {"manufacturer", "bunshin"},
                        {"sw_version", BUNSHIN_VERSION}};
    messages_[fmt::format("homeassistant/{}/{}/{}/config", component, device_, object)] =
        text_of(entity);
  }
  [[nodiscard]] std::string topic(std::string_view what) const {
    return fmt::format("bunshin/{}/{}", name_, what);
  }
  [[nodiscard]] const std::map<std::string, std::string>& messages() const { return messages_; }

 private:
  const std::string name_;
  const std::string device_;
  std::map<std::string, std::string> messages_;
};

}  // namespace

std::string state_message(const BridgeState& state) {
  Json json = {{"online", state.online}};
  if (state.online) json.update({{"julius", state.julius}, {"line", state.line}});
  return text_of(json);
}

std::string heard_message(const Decision& decision) {
  Json json = {{"phrase", decision.phrase}, {"outcome", outcome_name(decision.outcome)}};
  if (decision.confidence) json["confidence"] = *decision.confidence;
  if (decision.outcome == Decision::Outcome::send) json["command"] = decision.command;
  return text_of(json);
}

std::string sent_message(std::string_view command) { return text_of({{"command", command}}); }

std::string reply_message(std::string_view command, std::string_view outcome, std::string_view key,
                          std::string_view value) {
  return text_of({{"command", command}, {"outcome", outcome}, {std::string(key), value}});
}

std::map<std::string, std::string> discovery_messages(std::string_view name,
                                                      const std::vector<Rule>& rules) {
  Discovery discovery(name);
  for (const Rule& rule : rules) {
    if (rule.output || rule.send.find('{') != rule.send.npos) continue;  // known when it is said
    discovery.add("button", identifier_of(rule.send),
                  {{"name", rule.name()},
                   {"command_topic", discovery.topic("command")},
                   {"payload_press", rule.send}});
  }
  discovery.add("sensor", "heard",
                {{"name", "heard"},
                 {"state_topic", discovery.topic("heard")},
                 {"value_template", "{{ value_json.phrase }}"}});
  for (const char* const part : {"julius", "line"}) {
    discovery.add(
        "binary_sensor", part,
        {{"name", part},
         {"device_class", "connectivity"},
         {"state_topic", discovery.topic("state")},
         {"value_template", fmt::format("{{{{ 'ON' if value_json.{} else 'OFF' }}}}", part)}});
  }
  return discovery.messages();
}

}  // namespace bunshin
