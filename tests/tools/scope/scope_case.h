#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "handlers/echo.h"
#include "tests/support/fixture.h"
#include "tools/scope/loop_scope.h"

namespace bunshin::testing {

using nlohmann::json;

/// One who looks on: the events that a scope has sent it.
class Viewer {
 public:
  /// Connects and asks for the events. `target`: "/events" or more.
  Viewer(const SocketAddress& scope, std::string_view target = "/events");
  /// Takes what has come.
  void look();
  void close() { peer_.close(); }
  Peer& peer() { return peer_; }

  std::vector<json> events;
  /// The events of that name.
  [[nodiscard]] std::vector<json> named(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;

 private:
  Peer peer_;
  std::string text_;
  bool in_body_ = false;
};

/// An echo server, watched by a scope, in one loop. Once per engine.
class ScopeCase : public EngineCase {
 protected:
  ScopeCase();
  ~ScopeCase() override { scope.reset(); }

  /// Makes the scope (anew) with what `options` has become.
  void watch();
  [[nodiscard]] SocketAddress scope_address() const;
  [[nodiscard]] Peer connect() const { return Peer(server->local_address()); }
  /// A viewer that has been told how things stand.
  Viewer look_on(std::string_view target = "/events");
  /// Runs the loop until `done`, `viewer` looking all the time.
  bool run_with(Viewer& viewer, const std::function<bool()>& done, Duration limit = 5s);
  /// What the scope answers to a request, head and body.
  std::string ask(std::string_view method, std::string_view target, std::string_view headers);
  /// The status of a POST as viewer "me".
  int post(std::string_view target, std::string_view viewer = "me");
  /// One byte to an echo client and back.
  void echo(Peer& peer);

  ScopeOptions options;
  EchoOptions echo_options;
  std::optional<LoopScope> scope;
  EchoServer* server = nullptr;
};

}  // namespace bunshin::testing
