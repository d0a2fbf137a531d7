#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "reactor/reactor.h"
#include "reactor/socket_address.h"

namespace bunshin {

/// How a loop is watched.
struct ScopeOptions {
  std::string program;  ///< "bunshin echo"
  std::string version;
  std::optional<Endpoint> address;                  ///< where the page is served; none: nowhere
  std::string trace;                                ///< where the trace is written; empty: nowhere
  std::size_t trace_limit = std::size_t{64} << 20;  ///< bytes; what is older goes
  /// A pause ends by itself when nobody has looked on for so long.
  Duration patience = std::chrono::seconds(10);
  /// Lets new connections be served by that model; none when the program has no such choice.
  std::function<void(Model)> set_model = {};
  [[nodiscard]] bool any() const { return address || !trace.empty(); }
};

/// Watches a loop: serves the page and its events to those who look on, from the very loop they
/// look at, and writes a trace. Its own handlers are in the background: no pause is theirs, and
/// nobody sees them who does not ask for it. A loop that nobody looks on to pays next to nothing.
///
/// Made before the handlers that are to be seen, destroyed before the reactor. In the reactor's
/// thread, not from a callback.
class LoopScope {
 public:
  /// Throws std::system_error when it can not listen, or not write.
  LoopScope(Reactor& reactor, const ScopeOptions& options);
  ~LoopScope();
  LoopScope(const LoopScope&) = delete;
  LoopScope& operator=(const LoopScope&) = delete;

  /// Where the page is: "http://127.0.0.1:8876/"; empty when it is nowhere.
  [[nodiscard]] std::string url() const;
  /// How many look on.
  [[nodiscard]] std::size_t viewers() const;
  /// Tells those who look on what the program has to say: an event `log`, as a line of the log is.
  void tell(std::string_view text);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace bunshin
