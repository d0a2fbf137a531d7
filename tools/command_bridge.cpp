#include <fmt/core.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bridge/bridge.h"
#include "bridge/bridge_observers.h"
#include "bridge/bridge_services.h"
#include "bridge/raw_bridge.h"
#include "bridge/service_manager.h"
#include "bridge/service_notifier.h"
#include "bridge/small_file.h"
#include "reactor/log.h"
#include "reactor/printable.h"
#include "reactor/standard_stream.h"
#include "tools/bridge_signals.h"
#include "tools/bridge_text.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/scope_options.h"

namespace bunshin {

namespace {

struct BridgeCommand {
  std::string config;
  std::string julius;
  std::optional<std::string> serial;
  std::optional<int> baud;
  bool raw = false;
  bool both_ways = false;
  bool check = false;
  bool fail_fast = false;
  bool verbose = false;
  std::shared_ptr<ReactorOptions> loop;
  std::shared_ptr<ScopeArguments> scope;
};

/// Writes what the bridge does to the log.
class BridgeLog : public BridgeObserver {
 public:
  [[nodiscard]] std::string counts() const {
    return fmt::format("{} phrases heard, {} commands carried out, {} given up or dropped", heard_,
                       answered_, lost_);
  }

  void heard(const Decision& decision) override {
    ++heard_;
    if (tells()) log(LogLevel::info, "heard {}", decision_text(decision));
  }
  void not_understood(const JuliusMessage& message) override {
    if (!tells()) return;
    log(LogLevel::info, "heard something, not understood ({} {})", message.tag,
        message.attribute("REASON"));
  }
  void answered(std::string_view command, std::string_view reply) override {
    // The queue's own question, ten times a second while a pose waits.
    const bool question = command == "#C";
    if (!question) ++answered_;
    log(question ? LogLevel::debug : LogLevel::info, "sent {}, the robot answered {}", command,
        reply);
  }
  void retrying(std::string_view command, std::string_view reason) override {
    log(LogLevel::warning, "{} is sent again: {}", command, reason);
  }
  void gave_up(std::string_view command, std::string_view reason) override {
    ++lost_;
    log(LogLevel::error, "{} is given up: {}", command, reason);
  }
  void dropped(std::string_view command, std::string_view reason) override {
    ++lost_;
    if (!tells()) return;
    log(LogLevel::warning, "{} is dropped: {}", command, reason);
  }
  void refused(std::string_view command, std::string_view reason) override {
    ++lost_;
    if (!tells()) return;
    log(LogLevel::error, "{} is not sent: {}", command, reason);
  }
  void robot_away(std::string_view reason) override {
    log(LogLevel::warning,
        "no robot is at the line: {}. Is it switched on, serial.device the right one, and "
        "serial.baud its speed?",
        reason);
  }
  void robot_back() override { log(LogLevel::info, "the robot answers"); }
  void resynchronised() override { log(LogLevel::debug, "the robot's parser is in step"); }
  void unexpected(std::string_view reply) override {
    log(LogLevel::debug, "the robot says {}, unasked", reply);
  }

 private:
  /// A flood is told in its beginning, and that it is one. What is not told is counted all the
  /// same.
  bool tells() {
    constexpr auto kSecond = std::chrono::seconds(1);
    constexpr int kMost = 10;
    const TimePoint now = Clock::now();
    if (now - second_ >= kSecond) {
      second_ = now;
      lines_ = 0;
    }
    if (++lines_ == kMost) {
      log(LogLevel::warning,
          "more is heard than anybody says: what comes within this second is not told one by one");
    }
    return lines_ < kMost;
  }

  TimePoint second_{};
  int lines_ = 0;  // in this second
  std::size_t heard_ = 0;
  std::size_t answered_ = 0;
  std::size_t lost_ = 0;
};

BridgeConfig read_config(const BridgeCommand& command) {
  BridgeConfig config = command.config.empty() ? builtin_config() : load_config(command.config);
  if (!command.julius.empty()) config.julius.address = command.julius;
  if (command.serial) config.serial.device = *command.serial;
  if (command.baud) config.serial.baud = *command.baud;
  return config;
}

BridgeConfig read_again(const BridgeCommand& command) {
  if (given_by_the_shell(command.config)) {
    throw ConfigError(command.config + " can be read only once");
  }
  return read_config(command);
}

BridgeConfig first_config(const BridgeCommand& command) {
  try {
    BridgeConfig config = read_config(command);
    for (const std::string& warning : config.warnings) {
      log(LogLevel::warning, "{}", printable(warning, 400));
    }
    return config;
  } catch (const ConfigError& error) {
    throw InputError(error.what());
  }
}

void print_plan(const BridgeCommand& command, const BridgeConfig& config) {
  standard_output().print_waiting("configuration: {}\n",
                                  command.config.empty() ? "built in" : command.config);
  standard_output().print_waiting("listens to Julius at {} ({})\n", config.julius.address,
                                  command.raw ? "bytes as they come" : config.julius.encoding);
  standard_output().print_waiting(
      "drives the serial line {} at {} baud{}\n", config.serial.device, config.serial.baud,
      is_standard_baud(config.serial.baud) ? ""
                                           : ", a rate without a name: not every driver takes it");
  if (command.raw) {
    standard_output().print_waiting("carries every byte to it, and {}\n",
                                    command.both_ways ? "what it says back" : "drops what it says");
    return;
  }
  for (const Rule& rule : config.rules) {
    standard_output().print_waiting("{:>22}  when \"{}\" is heard, confidence {} or more\n",
                                    rule.send, rule.name(),
                                    rule.min_confidence.value_or(config.min_confidence));
  }
  if (config.rules.empty())
    standard_output().print_waiting("there is no rule: the robot will never move\n");
  for (const std::string& line : services_plan(config)) {
    standard_output().print_waiting("{}\n", line);
  }
}

/// To the end.
void run_raw(const BridgeCommand& command, const BridgeConfig& config, AtStart at_start) {
  ServiceManager manager = ServiceManager::from_environment();
  Reactor reactor(*command.loop);
  const auto scope = watch_loop(reactor, *command.scope, "bunshin bridge");
  finish_on_signals(reactor, [&] { manager.notify("STOPPING=1\n"); });
  watch_bridge_signals(reactor, {config,
                                 [&] { return read_again(command); },
                                 nullptr,
                                 [&](std::string_view lines) { manager.notify(lines); },
                                 {}});
  reactor.emplace<ServiceNotifier>(manager, [] { return std::string("carrying every byte"); });
  for (const std::string& line : services_plan(config)) {
    log(LogLevel::warning, "--raw leaves this out: {}", line);
  }
  reactor.emplace<RawBridge>(parse_address(config.julius.address), config.serial,
                             command.both_ways ? RawDirection::both_ways : RawDirection::to_line,
                             Backoff::Limits(), at_start);
  run_loop(reactor);
}

/// To the end.
void run_ruled(const BridgeCommand& command, const BridgeConfig& config, AtStart at_start) {
  BridgeLog bridge_log;
  BridgeObservers observers;
  observers.add(bridge_log);
  ServiceManager manager = ServiceManager::from_environment();
  Reactor reactor(*command.loop);
  const auto scope = watch_loop(reactor, *command.scope, "bunshin bridge");
  finish_on_signals(reactor, [&] { manager.notify("STOPPING=1\n"); });
  reactor.emplace<Bridge>(config, observers, Backoff::Limits(), at_start);
  BridgeServices services({reactor, observers, manager}, config);
  reactor.emplace<ServiceNotifier>(manager, [&] { return services.summary(); });
  watch_bridge_signals(reactor, {config, [&] { return read_again(command); }, &services,
                                 [&](std::string_view lines) { manager.notify(lines); },
                                 [&] { return bridge_log.counts(); }});
  run_loop(reactor);
}

void run_bridge(const BridgeCommand& command) {
  if (command.baud && !is_baud(*command.baud)) {
    throw UsageError(
        fmt::format("--baud: {} is not a baud rate; Rapiro's is 57600", *command.baud));
  }
  if (command.serial && command.serial->empty()) throw UsageError("--serial: it is empty");
  const BridgeConfig config = first_config(command);
  parse_address(config.julius.address);  // --julius may be malformed
  if (command.check) return print_plan(command, config);
  if (command.verbose) set_log_level(LogLevel::debug);
  const AtStart at_start = command.fail_fast ? AtStart::fail : AtStart::wait;
  command.raw ? run_raw(command, config, at_start) : run_ruled(command, config, at_start);
}

}  // namespace

void add_bridge_command(CLI::App& app) {
  auto command = std::make_shared<BridgeCommand>();
  CLI::App* bridge = app.add_subcommand("bridge", "Move a robot by what Julius hears");
  bridge->add_option("--config", command->config, "Rules and settings (TOML); default: built in")
      ->type_name("FILE");
  bridge->add_option("--julius", command->julius, "Where the engine listens")->type_name("ADDRESS");
  bridge->add_option("--serial", command->serial, "The robot's serial line")->type_name("DEVICE");
  bridge->add_option("--baud", command->baud, "Its speed")->type_name("N");
  CLI::Option* raw =
      bridge->add_flag("--raw", command->raw, "No rules: every byte goes to the serial line");
  bridge
      ->add_flag(
          "--both-ways", command->both_ways,
          "With --raw: what the line says goes to the socket (Julius would take it for commands)")
      ->needs(raw);
  bridge->add_flag("--fail-fast", command->fail_fast,
                   "End at once when the serial line can not be had (default: wait for it)");
  bridge->add_flag("--check", command->check, "Only say what would be done");
  bridge->add_flag("--verbose", command->verbose, "Log every detail");
  command->loop = add_loop_options(*bridge);
  command->scope = add_scope_options(*bridge);
  bridge->callback([command] { run_bridge(*command); });
}

}  // namespace bunshin
