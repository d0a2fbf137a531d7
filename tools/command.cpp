#include "tools/command.h"

#include <fmt/core.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <system_error>
#include <utility>

namespace bunshin {

namespace {

/// `all` is a reactor or a group: whatever has stop() and finish().
template <typename All>
void watch_signals(Reactor& reactor, All& all) {
  auto signalled = std::make_shared<bool>(false);
  const auto finish = [&all, signalled] {
    if (std::exchange(*signalled, true)) return all.stop();
    all.finish(kFinishLimit);
  };
  reactor.on_signal(SIGINT, finish);
  reactor.on_signal(SIGTERM, finish);
}

}  // namespace

std::shared_ptr<ReactorOptions> add_loop_options(CLI::App& command) {
  auto options = std::make_shared<ReactorOptions>();
  command
      .add_option("--engine", options->engine,
                  "How to wait: auto, or a name `bunshin version` lists (also: BUNSHIN_ENGINE)")
      ->type_name("NAME");
  // CLI11 knows no durations.
  command
      .add_option_function<unsigned>(
          "--spin", [options](unsigned count) { options->spin = std::chrono::microseconds(count); },
          "Poll for so long before sleeping, while waits are short: less latency for more CPU")
      ->type_name("MICROSECONDS")
      ->check(CLI::Range(0U, 1'000'000U));
  return options;
}

Endpoint parse_address(const std::string& text) {
  try {
    return Endpoint::parse(text);
  } catch (const std::system_error& error) {
    throw UsageError(error.what());
  }
}

void finish_on_signals(Reactor& reactor) { watch_signals(reactor, reactor); }

void finish_on_signals(ReactorGroup& group) { watch_signals(group.at(0), group); }

void announce(const SocketAddress& address) {
  fmt::print("listening on {}\n", address.to_string());
  std::fflush(stdout);
}

}  // namespace bunshin
