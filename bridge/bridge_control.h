#pragma once

#include <string>
#include <vector>

#include "bridge/config.h"

namespace bunshin {

/// What can be done to a bridge of either kind while it runs. In the reactor's thread.
class BridgeControl {
 public:
  virtual ~BridgeControl() = default;

  /// Follows `config` from now on: another peer is connected to, another line opened; what is the
  /// same is left alone. Throws a std::exception with a sentence for a peer, an encoding or
  /// an address that cannot be, and has changed nothing then. Without effect once it finishes.
  virtual void configure(const BridgeConfig& config) = 0;
  /// How it stands, for a person: a few lines.
  [[nodiscard]] virtual std::vector<std::string> status() const = 0;
};

}  // namespace bunshin
