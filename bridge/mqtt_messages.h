#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/rules.h"

namespace bunshin {

// What is published, each one JSON object in a line.

/// Of bunshin/NAME/state: {"julius":true,"line":true,"online":true}.
struct BridgeState {
  bool online = false;  ///< false: the bridge itself has gone, and nobody knows of the others
  bool julius = false;
  bool line = false;
};
std::string state_message(const BridgeState& state);
/// Of .../heard.
std::string heard_message(const Decision& decision);
/// Of .../sent.
std::string sent_message(std::string_view command);
/// Of .../reply: how a command ended. `key`: "reply" or "reason".
std::string reply_message(std::string_view command, std::string_view outcome, std::string_view key,
                          std::string_view value);

/// What Home Assistant has to know of robot `name`, by topic: a button for each command, what was
/// heard, and whether engine and line are there. (home-assistant.io/integrations/mqtt,
/// "discovery".)
std::map<std::string, std::string> discovery_messages(std::string_view name,
                                                      const std::vector<Rule>& rules);

}  // namespace bunshin
