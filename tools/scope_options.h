#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "tools/scope/loop_scope.h"

namespace bunshin {

/// What the commands take that let their loop be watched. Main thread only.
struct ScopeArguments {
  bool serve = false;
  std::string address = "127.0.0.1:8876";
  std::string trace;
  std::size_t trace_limit = 0;
  [[nodiscard]] bool any() const { return serve || !trace.empty(); }
};

/// Adds --scope, --trace and --trace-limit. Filled when the arguments have been parsed.
std::shared_ptr<ScopeArguments> add_scope_options(CLI::App& command);

/// Watches `reactor` as the arguments want it, and prints where it is shown; null when they want
/// nothing. To be made before the handlers that are to be seen. `program`: "bunshin echo";
/// `set_model`: see ScopeOptions. A malformed address is a UsageError.
std::unique_ptr<LoopScope> watch_loop(Reactor& reactor, const ScopeArguments& arguments,
                                      std::string program,
                                      std::function<void(Model)> set_model = {});

}  // namespace bunshin
