#pragma once

#include "reactor/reactor.h"

namespace bunshin {

/// The first address of `endpoint` that answers (see ConnectRace): asked with one connection, which
/// is closed again. A numeric address is taken as it is. Runs `reactor`, which must serve nobody
/// else. Throws std::system_error when no address can be connected to, or none within 10 s.
SocketAddress reachable_address(Reactor& reactor, const Endpoint& endpoint);

}  // namespace bunshin
