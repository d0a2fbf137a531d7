#include "tools/command.h"

#include <fmt/core.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <system_error>

namespace bunshin {

std::shared_ptr<ReactorOptions> add_loop_options(CLI::App& command) {
  auto options = std::make_shared<ReactorOptions>();
  command
      .add_option("--engine", options->engine,
                  "How to wait: auto, or a name `bunshin version` lists (also: BUNSHIN_ENGINE)")
      ->type_name("NAME");
  return options;
}

Endpoint parse_address(const std::string& text) {
  try {
    return Endpoint::parse(text);
  } catch (const std::system_error& error) {
    throw UsageError(error.what());
  }
}

void finish_on_signals(Reactor& reactor) {
  auto signalled = std::make_shared<bool>(false);
  const auto finish = [&reactor, signalled] {
    if (*signalled) return reactor.stop();
    *signalled = true;
    reactor.finish(std::chrono::seconds(5));
  };
  reactor.on_signal(SIGINT, finish);
  reactor.on_signal(SIGTERM, finish);
}

void announce(const SocketAddress& address) {
  fmt::print("listening on {}\n", address.to_string());
  std::fflush(stdout);
}

}  // namespace bunshin
