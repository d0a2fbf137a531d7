#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "bridge/bridge_control.h"
#include "reactor/reactor.h"

namespace bunshin {

/// What the signals of a running bridge need to know.
struct BridgeSignals {
  BridgeConfig config;                 ///< what it follows now
  std::function<BridgeConfig()> read;  ///< reads it again; throws what is wrong with it
  BridgeControl* services = nullptr;   ///< what follows it beside the bridge; may be null
  /// Told what systemd wants to know of the reading, see sd_notify(3); may be empty.
  std::function<void(std::string_view)> reading;
  std::function<std::string()> counts;  ///< what has happened so far, in one line; may be empty
};

/// SIGHUP lets the bridge in `reactor` follow what `read` gives, or stay with what it has when that
/// is wrong; SIGUSR1 tells how it stands. Both write to the log.
void watch_bridge_signals(Reactor& reactor, BridgeSignals signals);

}  // namespace bunshin
