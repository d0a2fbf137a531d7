#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/config.h"
#include "bridge/config_section.h"

namespace bunshin {

// One reader a section of the configuration, each in a file of its own. A reader leaves what the
// section does not name as it is, and throws ConfigError for whatever is wrong.

void read_julius_section(const ConfigSection& section, BridgeConfig& config);
void read_serial_section(const ConfigSection& section, BridgeConfig& config);
void read_share_section(const ConfigSection& section, BridgeConfig& config);
void read_robot_section(const ConfigSection& section, BridgeConfig& config);
void read_status_section(const ConfigSection& section, BridgeConfig& config);
void read_wyoming_section(const ConfigSection& section, BridgeConfig& config);
void read_mqtt_section(const ConfigSection& section, BridgeConfig& config);
/// All of [[rule]]. After the other sections: what may be sent depends on them.
void read_rules(const ConfigSection& root, BridgeConfig& config);

/// The keys of [robot] that a protocol = "lines" has.
LinesProfile read_lines_profile(const ConfigSection& section);

/// "Rapiro would not understand "#M": ..."
std::string not_understood(const RobotProtocol& protocol, std::string_view command,
                           std::string_view problem);

/// What is wrong with an address, or nothing. The whole truth is known to whoever resolves it; this
/// finds slips of the pen.
std::optional<std::string> address_problem(std::string_view address);

}  // namespace bunshin
