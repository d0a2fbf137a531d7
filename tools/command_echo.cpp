#include <memory>
#include <string>

#include "handlers/echo.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/scope_options.h"

namespace bunshin {

namespace {

struct EchoCommand {
  std::string address = "127.0.0.1:9876";
  EchoOptions echo;
  std::size_t threads = 1;
  std::shared_ptr<ReactorOptions> loop;
  std::shared_ptr<ScopeArguments> scope;
};

void run_echo(EchoCommand& command) {
  if (command.threads > 1 && command.echo.one_at_a_time) {
    throw UsageError("--one-at-a-time serves one client: leave --threads out");
  }
  if (command.threads > 1 && command.echo.limits.most > 0) {
    throw UsageError("--max-clients counts the clients of one loop: leave --threads out");
  }
  if (command.threads > 1 && command.scope->any()) {
    throw UsageError("--scope and --trace show one loop: leave --threads out");
  }
  const Endpoint endpoint = parse_address(command.address);
  ReactorGroup group(command.threads, *command.loop);
  const auto scope = watch_loop(group.at(0), *command.scope, "bunshin echo",
                                [&command](Model model) { command.echo.model = model; });
  finish_on_signals(group);
  command.echo.stop = [&group] { group.finish(kFinishLimit); };
  announce(serve_echo(group, endpoint, command.echo).to_string());
  run_loop(group);
}

}  // namespace

void add_echo_command(CLI::App& app) {
  auto command = std::make_shared<EchoCommand>();
  CLI::App* echo = app.add_subcommand("echo", "Serve echo: every client gets back what it sends");
  echo->add_option("ADDRESS", command->address, "Where to listen")->capture_default_str();
  echo->add_flag("--one-at-a-time", command->echo.one_at_a_time,
                 "Serve one client; the others wait in the queue");
  echo->add_flag("--stamp", command->echo.stamp, "Begin each answer with the time");
  echo->add_option("--stop-word", command->echo.stop_word,
                   "A client that sends just this word stops the server")
      ->type_name("WORD");
  echo->add_flag("--verbose", command->echo.verbose,
                 "Print who connected, left, and what was received");
  echo->add_option("--threads", command->threads, "So many loops, one a thread, share the clients")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  add_limit_options(*echo, command->echo.limits);
  command->loop = add_loop_options(*echo);
  command->scope = add_scope_options(*echo);
  echo->callback([command] { run_echo(*command); });
}

}  // namespace bunshin
