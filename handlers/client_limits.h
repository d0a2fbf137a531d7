#pragma once

#include <cstddef>
#include <memory>

#include "reactor/event_handler.h"
#include "reactor/timer.h"

namespace bunshin {

/// What a server puts up with. Zero: no limit.
struct ClientLimits {
  std::size_t most = 0;     ///< clients at once; who comes then waits in the kernel's queue
  Duration idle_timeout{};  ///< a client that says nothing for so long is closed
  [[nodiscard]] bool any() const { return most > 0 || idle_timeout > Duration::zero(); }
};

/// Closes a client that has said nothing for too long. Owned by that client. One thread.
class IdleTimeout {
 public:
  /// `limit` 0: never.
  IdleTimeout(EventHandler& client, Duration limit);
  /// The client has said something.
  void heard();

 private:
  Duration limit_;
  Timer timer_;
};

/// One client's place among the `most` that a server may have, given back with it. Either may go
/// first, the client or the server. One thread.
class ClientPlace {
 public:
  ClientPlace() = default;
  ClientPlace(ClientPlace&&) = default;
  ClientPlace& operator=(ClientPlace&&) = delete;
  ~ClientPlace() { give_back(); }
  /// Lets the server accept the next client. False when there is no such server, or no longer.
  bool give_back();

 private:
  friend class ClientPlaces;
  struct Server {
    EventHandler& listener;
    std::size_t free;
  };
  explicit ClientPlace(const std::shared_ptr<Server>& server) : server_(server) {}
  std::weak_ptr<Server> server_;
};

/// The places of a server. Owned by its listener, which is paused while none is free.
class ClientPlaces {
 public:
  /// `most` 0: no limit.
  ClientPlaces(EventHandler& listener, std::size_t most);
  ClientPlace take();

 private:
  std::shared_ptr<ClientPlace::Server> server_;
};

}  // namespace bunshin
