#include "tools/command.h"

#include <fmt/core.h>

#include <chrono>
#include <csignal>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "reactor/log.h"
#include "tools/terminal.h"

namespace bunshin {

namespace {

void tell_status(Reactor& reactor) {
  std::string handlers;
  for (const auto& [name, count] : reactor.count_by_class()) {
    handlers += fmt::format(", {} {}", count, name);
  }
  const ReactorStats& stats = reactor.stats();
  log(LogLevel::warning, "{}: {} rounds, {} events{}; lines lost: {} of the log, {} of the output",
      reactor.engine_name(), stats.rounds, stats.events, handlers,
      log_lines_lost() + standard_error().lost(), standard_output().lost());
}

void watch_signals(Reactor& reactor, const std::function<void()>& end,
                   const std::function<void()>& status) {
  for (const int signal : {SIGTERM, SIGHUP, SIGQUIT}) reactor.on_signal(signal, end);
  reactor.on_signal(SIGINT, [end] {
    end_cursor_line();
    end();
  });
  reactor.on_signal(SIGUSR1, status);
  reactor.on_signal(SIGUSR2, [] {});
}

/// `all` is a reactor or a group: whatever has stop() and finish().
template <typename All>
std::function<void()> finish_then_stop(All& all, std::function<void()> first = {}) {
  return [&all, first = std::move(first), signalled = std::make_shared<bool>(false)] {
    if (std::exchange(*signalled, true)) return all.stop();
    if (first) first();
    all.finish(kFinishLimit);
  };
}

}  // namespace

std::shared_ptr<ReactorOptions> add_loop_options(CLI::App& command) {
  auto options = std::make_shared<ReactorOptions>();
  std::vector<std::string> engines = engine_names();
  engines.insert(engines.begin(), "auto");
  command
      .add_option("--engine", options->engine,
                  "How to wait; `bunshin version` tells which of them can run here")
      ->type_name("NAME")
      ->check(CLI::IsMember(engines))
      ->envname("BUNSHIN_ENGINE");
  // CLI11 knows no durations.
  command
      .add_option_function<unsigned>(
          "--spin", [options](unsigned count) { options->spin = std::chrono::microseconds(count); },
          "Poll for so long before sleeping, while waits are short: less latency for more CPU")
      ->type_name("MICROSECONDS")
      ->check(CLI::Range(0U, 1'000'000U));
  return options;
}

void add_limit_options(CLI::App& command, ClientLimits& limits) {
  command
      .add_option("--max-clients", limits.most,
                  "Serve so many clients at once; the others wait in the queue")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  command
      .add_option_function<double>(
          "--idle-timeout",
          [&limits](double seconds) {
            limits.idle_timeout =
                std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
          },
          "Close a client that sends nothing for so long")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 1e9));
}

Endpoint parse_address(const std::string& text) {
  try {
    return Endpoint::parse(text);
  } catch (const std::system_error& error) {
    throw UsageError(error.what());
  }
}

void end_on_signals(Reactor& reactor, const std::function<void()>& end) {
  watch_signals(reactor, end, [&reactor] { tell_status(reactor); });
}

void finish_on_signals(Reactor& reactor, std::function<void()> first) {
  end_on_signals(reactor, finish_then_stop(reactor, std::move(first)));
}

void finish_on_signals(ReactorGroup& group) {
  watch_signals(group.at(0), finish_then_stop(group), [&group] {
    for (std::size_t index = 0; index < group.size(); ++index) {
      group.at(index).post([&reactor = group.at(index)] { tell_status(reactor); });
    }
  });
}

void announce(std::string_view where) { standard_output().print("listening on {}\n", where); }

void run_loop(Reactor& reactor) {
  const LoopStreams streams(reactor);
  reactor.run();
}

void run_loop(ReactorGroup& group) {
  const LoopStreams streams(group.at(0));
  group.run();
}

}  // namespace bunshin
