#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bridge/config.h"
#include "bridge/simulated_julius.h"
#include "bridge/simulated_lines.h"
#include "bridge/simulated_rapiro.h"
#include "reactor/error.h"
#include "reactor/printable.h"
#include "reactor/standard_stream.h"
#include "tools/bridge_text.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/scope_options.h"

namespace bunshin {

namespace {

struct JuliusCommand {
  std::string transcript;
  std::string address = "127.0.0.1:10500";
  SimulatedJulius::Options options;
  std::shared_ptr<ReactorOptions> loop;
  std::shared_ptr<ScopeArguments> scope;
};

JuliusTranscript load_transcript(const std::string& path) {
  try {
    return JuliusTranscript::load(path);
  } catch (const TranscriptError& error) {
    throw InputError(error.what());
  }
}

void run_julius(const JuliusCommand& command) {
  const double speed = command.options.speed;
  if (speed != 0 && !(speed >= 0.001 && speed <= 1000)) {
    throw UsageError("--speed: a number from 0.001 to 1000, or 0 for as fast as possible");
  }
  const Endpoint endpoint = parse_address(command.address);
  JuliusTranscript transcript = load_transcript(command.transcript);
  Reactor reactor(*command.loop);
  const auto scope = watch_loop(reactor, *command.scope, "bunshin sim julius");
  finish_on_signals(reactor);
  const auto& server =
      reactor.emplace<SimulatedJulius>(endpoint, std::move(transcript), command.options);
  announce(server.local_address().to_string());
  run_loop(reactor);
}

/// Prints what it does whenever that changes, and its answers but for those to a `#C`, which the
/// bridge asks many times a second.
class ShownRapiro : public SimulatedRapiro {
 public:
  ShownRapiro(Reactor& reactor, PseudoTerminal terminal)
      : SimulatedRapiro(reactor, std::move(terminal)) {
    changes_.notice(view(), 2 * kGlance);
    on_answer([this](std::string_view answer) { show_answer(answer); });
    glance_timer_.arm(kGlance);
  }
  /// There is no robot without its line: run() throws.
  void handle_close() override {
    if (error() != 0) {
      reactor().post([failure = error()] { throw_error(failure, "the robot's line failed"); });
    }
    close();
  }

 private:
  static constexpr auto kGlance = std::chrono::milliseconds(20);

  void glance() {
    if (changes_.notice(view(), 2 * kGlance)) show("");
    glance_timer_.arm(kGlance);
  }
  void show_answer(std::string_view answer) {
    if (!answer.starts_with("#C")) show(answer);
  }
  void show(std::string_view answer) {
    standard_output().print("{:<9} {}\n", answer, robot_text(view(), Colours::none));
  }

  RobotChanges changes_;
  Timer glance_timer_{*this, &ShownRapiro::glance};
};

void run_rapiro(const std::string& link, const ReactorOptions& options,
                const ScopeArguments& scope_arguments) {
  Reactor reactor(options);
  const auto scope = watch_loop(reactor, scope_arguments, "bunshin sim rapiro");
  finish_on_signals(reactor);
  auto& robot = reactor.emplace<ShownRapiro>(PseudoTerminal::make());
  if (!link.empty()) robot.make_link(link);
  announce(link.empty() ? robot.path() : link);
  run_loop(reactor);
}

void add_julius(CLI::App& sim) {
  auto command = std::make_shared<JuliusCommand>();
  CLI::App* julius = sim.add_subcommand("julius", "Play a recorded session of the speech engine");
  julius->add_option("TRANSCRIPT", command->transcript, "The .tsv, the .bin or their common stem")
      ->required();
  julius->add_option("ADDRESS", command->address, "Where to listen")->capture_default_str();
  julius->add_option("--speed", command->options.speed, "Of the replay; 0: as fast as possible")
      ->capture_default_str();
  julius->add_flag("--loop", command->options.loop, "Begin anew at the end");
  command->loop = add_loop_options(*julius);
  command->scope = add_scope_options(*julius);
  julius->callback([command] { run_julius(*command); });
}

void add_rapiro(CLI::App& sim) {
  auto link = std::make_shared<std::string>();
  CLI::App* rapiro = sim.add_subcommand("rapiro", "Be a robot on a pseudo-terminal");
  rapiro->add_option("--link", *link, "Make a symbolic link to it")->type_name("PATH");
  auto loop = add_loop_options(*rapiro);
  auto scope = add_scope_options(*rapiro);
  rapiro->callback([link, loop, scope] { run_rapiro(*link, *loop, *scope); });
}

struct LinesCommand {
  std::string profile = "grbl";
  SimulatedLines::Words words;
};

/// One that is shipped, by its name, or that of a bridge's configuration.
LinesProfile load_profile(const std::string& name) {
  if (const auto shipped = lines_profile(name)) return *shipped;
  try {
    const BridgeConfig config = load_config(name);
    if (config.robot.lines) return *config.robot.lines;
  } catch (const ConfigError& error) {
    throw InputError(error.what());
  }
  throw InputError(name + ": its [robot] has no protocol = \"lines\"");
}

void run_lines(const LinesCommand& command, const ReactorOptions& options) {
  LinesProfile profile = load_profile(command.profile);
  Reactor reactor(options);
  finish_on_signals(reactor);
  auto& robot =
      reactor.emplace<SimulatedLines>(PseudoTerminal::make(), std::move(profile), command.words);
  robot.on_line([](std::string_view line) { standard_output().print("{}\n", printable(line)); });
  announce(robot.path());
  run_loop(reactor);
}

void add_lines(CLI::App& sim) {
  auto command = std::make_shared<LinesCommand>();
  CLI::App* lines = sim.add_subcommand("lines", "Be a robot that takes lines, as GRBL does");
  lines->add_option("--profile", command->profile, "grbl, marlin, arduino, or a configuration")
      ->type_name("FILE")
      ->capture_default_str();
  lines->add_option("--ok", command->words.ok, "What it says to a line that it takes")
      ->capture_default_str();
  lines->add_option("--error", command->words.error, "And to one that it does not")
      ->capture_default_str();
  lines->add_option("--greeting", command->words.greeting, "What it says when it is switched on");
  auto loop = add_loop_options(*lines);
  lines->callback([command, loop] { run_lines(*command, *loop); });
}

}  // namespace

void add_sim_command(CLI::App& app) {
  CLI::App* sim = app.add_subcommand("sim", "Stand in for the speech engine or for the robot");
  sim->require_subcommand(1);
  add_julius(*sim);
  add_rapiro(*sim);
  add_lines(*sim);
}

}  // namespace bunshin
