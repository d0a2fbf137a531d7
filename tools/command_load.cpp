#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "reactor/standard_stream.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/load/load_generator.h"
#include "tools/load/load_target.h"
#include "tools/terminal.h"

namespace bunshin {

namespace {

struct LoadCommand {
  std::string address = "127.0.0.1:9876";
  LoadOptions load;
  int server = 0;
  bool json = false;
  std::shared_ptr<ReactorOptions> loop;
};

void show_progress(const std::string& line) { standard_error().print("\r\033[K{}", line); }

LoadResult generate(const Endpoint& endpoint, const LoadOptions& options,
                    const ReactorOptions& loop) {
  Reactor reactor(loop);
  LoadGenerator generator(reactor, reachable_address(reactor, endpoint), options);
  end_on_signals(reactor, [&generator] { generator.stop(); });
  const bool watched = terminal_of(STDERR_FILENO).redraws;
  if (watched) generator.on_progress = show_progress;
  const LoopStreams streams(reactor);
  LoadResult result = generator.run();
  if (watched) show_progress("");
  return result;
}

void run_load(LoadCommand& command) {
  const Endpoint endpoint = parse_address(command.address);
  if (command.server > 0) command.load.server = command.server;
  try {
    command.load.check();
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
  const LoadResult result = generate(endpoint, command.load, *command.loop);
  standard_output().write_waiting(command.json ? result.to_json() : result.to_text());
}

void add_options(CLI::App& load, LoadCommand& command) {
  LoadOptions& options = command.load;
  load.add_option("ADDRESS", command.address, "The echo server")->capture_default_str();
  load.add_option("--conns", options.connections, "Connections")->capture_default_str();
  load.add_option("--size", options.size, "Bytes of a message")->capture_default_str();
  load.add_option("--depth", options.depth, "Messages in flight, each connection")
      ->capture_default_str();
  load.add_option("--seconds", options.seconds, "How long to measure")->capture_default_str();
  load.add_option("--warmup", options.warmup, "Seconds before that")->capture_default_str();
  load.add_option("--rate", options.rate,
                  "Messages a second, planned: latency counts from the planned time of sending. "
                  "Without it the next message waits for the answer to the last");
  load.add_flag("--churn", options.churn, "Connect, send one message, close, and again");
  load.add_option("--idle", options.idle, "Connections besides that say nothing");
  load.add_option("--spread", options.spread, "Connect from so many addresses, 127.0.0.1 and up")
      ->capture_default_str();
  load.add_flag("--text", options.text,
                "Send letters and digits, for a server that reads text, not bytes of all values");
  load.add_flag("--busy", options.busy, "Poll and never sleep: costs a core, saves its waking up");
  load.add_option("--pid", command.server, "The server's process: tells what it costs")
      ->type_name("PID");
  load.add_flag("--json", command.json,
                "Print one line of JSON (bench/README.md tells what is in it)");
}

}  // namespace

void add_load_command(CLI::App& app) {
  auto command = std::make_shared<LoadCommand>();
  CLI::App* load =
      app.add_subcommand("load", "Drive an echo server with messages, check and time the answers");
  add_options(*load, *command);
  command->loop = add_loop_options(*load);
  load->callback([command] { run_load(*command); });
}

}  // namespace bunshin
