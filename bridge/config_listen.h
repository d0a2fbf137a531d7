#pragma once

#include <string>

#include "bridge/config.h"
#include "bridge/config_section.h"

namespace bunshin {

/// What stands in `listen` for the socket that systemd passes under the section's name.
inline constexpr const char* kFromSystemd = "systemd";

/// The address in `listen`, which a section of ours that serves others can not be without. As the
/// user may write one (see Endpoint), or kFromSystemd. Throws ConfigError.
std::string read_listen(const ConfigSection& section);

/// No two sections can listen at one address, nor where Julius is. Throws ConfigError.
void check_listens(const ConfigSection& root, const BridgeConfig& config);

/// Whether programs on other machines can come in there, when they are let through.
bool is_open_to_others(const std::string& listen);

}  // namespace bunshin
