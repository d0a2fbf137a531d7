// Both simulators and the bridge in one reactor, joined by a real socket and a real tty.

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bridge/bridge.h"
#include "bridge/simulated_julius.h"
#include "bridge/simulated_rapiro.h"
#include "reactor/log.h"
#include "reactor/standard_stream.h"
#include "tools/bridge_text.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/demo_recording.h"
#include "tools/scope_options.h"
#include "tools/terminal.h"

namespace bunshin {

namespace {

constexpr auto kTick = std::chrono::milliseconds(20);
/// Whatever goes wrong, the demo ends: so long after the last word.
constexpr auto kPatience = std::chrono::seconds(30);

/// What happened, counted for the summary.
struct Score {
  std::size_t messages = 0;
  int utterances = 0;
  int obeyed = 0;
  int refused = 0;
  int answered = 0;
  int failed = 0;
};

/// The stage: prints lines as things happen and, on a terminal, the robot live below them.
class Stage : public BridgeObserver {
 public:
  /// `scope`: who look on hear of it, too; null: nobody does.
  Stage(double speed, LoopScope* scope)
      : speed_(speed), scope_(scope), terminal_(terminal_of(STDOUT_FILENO)) {}

  void message(const JuliusMessage&) override { ++score_.messages; }
  void heard(const Decision& decision) override {
    ++score_.utterances;
    if (decision.outcome == Decision::Outcome::send) ++score_.obeyed;
    if (decision.outcome == Decision::Outcome::refused) ++score_.refused;
    tell("heard", decision_text(decision));
  }
  void sent(std::string_view command) override {
    if (command != "#C") tell("to robot", command);
  }
  void answered(std::string_view command, std::string_view reply) override {
    if (command == "#C") return;  // the queue's own question
    ++score_.answered;
    tell("answer", reply);
  }
  void retrying(std::string_view command, std::string_view reason) override {
    tell("again", fmt::format("{}: {}", command, reason));
  }
  void gave_up(std::string_view command, std::string_view reason) override {
    ++score_.failed;
    tell("given up", fmt::format("{}: {}", command, reason));
  }
  void dropped(std::string_view command, std::string_view reason) override {
    ++score_.failed;
    tell("dropped", fmt::format("{}: {}", command, reason));
  }

  /// On a terminal the robot has a line of its own; elsewhere it gets one when what it does
  /// changes.
  void show(const RapiroView& robot);
  void tell(std::string_view what, std::string_view text);
  [[nodiscard]] const Score& score() const { return score_; }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - began_).count() * speed_;
  }

 private:
  void tell_scope(std::string_view what, std::string_view text);

  const double speed_;
  LoopScope* const scope_;
  const Terminal terminal_;
  const TimePoint began_ = Clock::now();
  Score score_;
  RobotChanges changes_;
};

void Stage::tell(std::string_view what, std::string_view text) {
  standard_output().print("{}{:6.1f} s  {:<9} {}\n", terminal_.redraws ? "\r\x1b[K" : "", seconds(),
                          what, text);
  tell_scope(what, text);
}

void Stage::tell_scope(std::string_view what, std::string_view text) {
  if (scope_ != nullptr) scope_->tell(fmt::format("{}: {}", what, text));
}

void Stage::show(const RapiroView& robot) {
  const auto nearly = std::chrono::duration_cast<Duration>(kTick * 2 * speed_);
  const bool changed = changes_.notice(robot, nearly);
  if (terminal_.redraws) {
    const std::string line =
        fmt::format("{:6.1f} s  robot     {}", seconds(), robot_text(robot, terminal_.colours));
    // Not the last column: behind it some terminals begin the next line.
    const std::size_t columns = terminal_columns(STDOUT_FILENO);
    standard_output().print("\r\x1b[K{}", columns == 0 ? line : cut_to_width(line, columns - 1));
    if (changed) tell_scope("robot", robot_text(robot, Colours::none));
  } else if (changed) {
    tell("robot", robot_text(robot, Colours::none));
  }
}

/// Simulators, bridge and the rule when it is over.
class Demo {
 public:
  Demo(Reactor& reactor, Stage& stage, double speed);
  [[nodiscard]] bool done() const { return done_; }

 private:
  void tick();
  Reactor& reactor_;
  Stage& stage_;
  JuliusTranscript recording_ = demo_recording().as_spoken();
  SimulatedRapiro& robot_;
  SimulatedJulius& julius_;
  Bridge& bridge_;
  TimePoint deadline_;
  bool done_ = false;
};

BridgeConfig demo_config(const SimulatedJulius& julius, const SimulatedRapiro& robot) {
  BridgeConfig config = builtin_config();
  config.julius.address = julius.local_address().to_string();
  config.serial.device = robot.path();
  return config;
}

TimePoint last_moment(TimePoint now, const JuliusTranscript& recording, double speed) {
  const std::chrono::duration<double> spoken = recording.rows().back().at / speed;
  return now + std::chrono::duration_cast<Duration>(spoken) + kPatience;
}

Demo::Demo(Reactor& reactor, Stage& stage, double speed)
    : reactor_(reactor),
      stage_(stage),
      robot_(reactor.emplace<SimulatedRapiro>(PseudoTerminal::make(), speed)),
      julius_(reactor.emplace<SimulatedJulius>(Endpoint::parse("127.0.0.1:0"), recording_,
                                               SimulatedJulius::Options{speed, false})),
      bridge_(reactor.emplace<Bridge>(demo_config(julius_, robot_), stage)),
      deadline_(last_moment(reactor.now(), recording_, speed)) {
  standard_output().print("Recorded speech moves a simulated robot: Julius at {}, Rapiro on {}\n",
                          julius_.local_address().to_string(), robot_.path());
  reactor_.call_every(kTick, [this] { tick(); });
}

/// Over when everything that was said was heard, everything heard was answered by the robot, and
/// the robot has reached its pose. (A motion other than #M0 has no end: one that came last would
/// count as reached.)
void Demo::tick() {
  if (reactor_.paused()) {  // by who looks on
    deadline_ += kTick;
    return;
  }
  stage_.show(robot_.view());
  const bool heard_all = stage_.score().messages == recording_.rows().size();
  const bool resting = robot_.at_rest() || (!robot_.view().posing && robot_.view().motion != 0);
  done_ = heard_all && bridge_.idle() && resting;
  if (done_ || reactor_.now() >= deadline_) reactor_.stop();
}

/// What is shown, and to whom.
struct Performance {
  Performance(Reactor& reactor, double speed, LoopScope* scope)
      : stage(speed, scope), demo(reactor, stage, speed) {}
  Stage stage;
  Demo demo;
};

/// Calls `begin` when somebody has opened the page.
void begin_when_seen(Reactor& reactor, const LoopScope& scope, std::function<void()> begin) {
  if (scope.viewers() > 0) return begin();
  reactor.call_later(kTick, [&reactor, &scope, begin = std::move(begin)] {
    begin_when_seen(reactor, scope, begin);
  });
}

void run_demo(double speed, const ReactorOptions& options, const ScopeArguments& arguments) {
  if (!(speed >= 0.1 && speed <= 50)) throw UsageError("--speed: a number from 0.1 to 50");
  set_log_level(LogLevel::warning);
  use_utf8();
  Reactor reactor(options);
  const auto scope = watch_loop(reactor, arguments, "bunshin demo");
  std::optional<Performance> performance;
  bool interrupted = false;
  end_on_signals(reactor, [&] {
    interrupted = true;
    reactor.stop();  // nothing is owed to anybody here
  });
  if (arguments.serve) {
    standard_output().print("The demo begins when the page is opened.\n");
    begin_when_seen(reactor, *scope, [&] { performance.emplace(reactor, speed, scope.get()); });
  } else {
    performance.emplace(reactor, speed, scope.get());
  }
  run_loop(reactor);
  if (!performance) return;
  const Score& score = performance->stage.score();
  standard_output().print(
      "\n{} utterances: {} obeyed, {} refused; {} commands answered by the robot, {} failed; "
      "{:.1f} s\n",
      score.utterances, score.obeyed, score.refused, score.answered, score.failed,
      performance->stage.seconds());
  if (!interrupted && (!performance->demo.done() || score.failed > 0)) throw Exit{1};
}

}  // namespace

void add_demo_command(CLI::App& app) {
  auto speed = std::make_shared<double>(1);
  CLI::App* demo = app.add_subcommand("demo", "Watch recorded speech move a simulated robot");
  demo->add_option("--speed", *speed, "Of speech and robot, 0.1 to 50")->capture_default_str();
  auto loop = add_loop_options(*demo);
  auto scope = add_scope_options(*demo);
  demo->callback([speed, loop, scope] { run_demo(*speed, *loop, *scope); });
}

}  // namespace bunshin
