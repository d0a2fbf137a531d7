#pragma once

#include <exception>
#include <functional>
#include <vector>

#include "reactor/socket_address.h"

namespace bunshin {

class Reactor;

/// What a look-up found: addresses, or the std::system_error that says why there are none.
struct LookUp {
  std::vector<SocketAddress> addresses;
  std::exception_ptr error;
};

/// Looks `endpoint` up and calls `done` in the reactor's thread, in a later round, never from
/// within this call. A host name is the business of the reactor's Host, which may take
/// a thread for it; a numeric address is not. When the reactor has stopped by then, `done` is
/// destroyed uncalled, perhaps in that thread.
void look_up(Reactor& reactor, const Endpoint& endpoint, std::function<void(LookUp)> done);

}  // namespace bunshin
