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
/// within this call. getaddrinfo(3) can not be interrupted, so it runs in a detached thread: the
/// loop does not wait for it and neither does the end of the process. When the reactor has stopped
/// by then, `done` is destroyed uncalled, perhaps in that thread. A numeric address starts no
/// thread.
void look_up(Reactor& reactor, const Endpoint& endpoint, std::function<void(LookUp)> done);

}  // namespace bunshin
