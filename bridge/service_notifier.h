#pragma once

#include <functional>
#include <string>

#include "bridge/service_manager.h"
#include "reactor/reactor.h"
#include "reactor/timer.h"

namespace bunshin {

/// Keeps the service manager informed while the loop runs: READY=1 in the first round, STATUS= when
/// it has changed, WATCHDOG=1 at half the time in which it is expected. All of it comes from a
/// timer of the loop, so that a loop that hangs is found out. In the background; owned by its
/// reactor.
class ServiceNotifier : public EventHandler {
 public:
  /// `manager` outlives it. `status`: how things stand, one line.
  ServiceNotifier(Reactor& reactor, ServiceManager& manager, std::function<std::string()> status);

 private:
  void tick();

  ServiceManager& manager_;
  std::function<std::string()> status_;
  Duration interval_;
  bool ready_ = false;
  std::string told_;
  Timer timer_{*this, &ServiceNotifier::tick};
};

}  // namespace bunshin
