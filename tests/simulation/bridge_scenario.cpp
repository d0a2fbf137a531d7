// Julius speaks, the bridge decides, and a robot moves.

#include <fmt/format.h>

#include <deque>
#include <map>
#include <system_error>

#include "bridge/bridge.h"
#include "bridge/rapiro_firmware.h"
#include "bridge/simulated_julius.h"
#include "handlers/file_dispatcher.h"
#include "reactor/timer.h"
#include "tests/simulation/scenarios.h"

namespace bunshin::simulation {

namespace {

constexpr const char* kLine = "/dev/robot";

/// The firmware at the other end of the line, which keeps what it was sent.
class Robot : public FileDispatcher {
 public:
  Robot(Reactor& reactor, UniqueFd line)
      : FileDispatcher(reactor, std::move(line)), firmware_(reactor.now()) {}

  void handle_read() override {
    const std::string_view bytes = recv(4096);
    got += bytes;
    answers_ += firmware_.received(bytes, reactor().now());
    if (!answers_.empty() && !timer_.armed()) timer_.arm(std::chrono::milliseconds(2));
  }

  std::string got;

 private:
  void answer() { send(std::exchange(answers_, {})); }

  RapiroFirmware firmware_;
  std::string answers_;
  Timer timer_{*this, &Robot::answer};
};

/// Keeps account of every command.
class Account : public BridgeObserver {
 public:
  void heard(const Decision& decision) override {
    if (decision.outcome == Decision::Outcome::send) ++accepted;
  }
  void sent(std::string_view command) override {
    told.emplace_back(command);
    flying_ = true;
  }
  void answered(std::string_view command, std::string_view) override {
    flying_ = false;
    if (command != "#C") ++settled;
  }
  /// What was told before that, and not answered, is told again.
  void resynchronised() override { repeated = repeated || flying_; }
  void retrying(std::string_view, std::string_view reason) override {
    judge(reason);
    repeated = true;
  }
  void gave_up(std::string_view, std::string_view reason) override {
    judge(reason);
    repeated = true;
    ++settled;
  }
  void dropped(std::string_view, std::string_view) override { ++settled; }
  void refused(std::string_view, std::string_view) override { ++settled; }

  /// Whether a command is on its way.
  [[nodiscard]] bool waits() const { return flying_ && told.back() != "#C"; }

  std::size_t accepted = 0;
  std::size_t settled = 0;
  std::vector<std::string> told;  // that they are sent
  bool repeated = false;
  Process* side = nullptr;
  std::string wrong;

 private:
  /// A robot whose answer lies in the line's queue has answered.
  void judge(std::string_view reason) {
    // Whoever is kept from hearing an answer may say so.
    for (const Choice deaf :
         {Choice::no_memory, Choice::late_event, Choice::split_event, Choice::interrupted}) {
      if (side->world().draws().happened(deaf) > 0) return;
    }
    if (!reason.starts_with("no reply")) return;
    side->reactor().for_each([this](EventHandler& handler) {
      if (dynamic_cast<SerialPort*>(&handler) == nullptr || handler.descriptor() < 0) return;
      if (static_cast<End&>(*side->at(handler.descriptor())).has_unread()) {
        wrong = "the robot has answered, and is taken for silent";
      }
    });
  }

  bool flying_ = false;  // the last that was told
};

/// What the robot got is what was told, in order and whole. A command that was told again may never
/// have left; a broken line loses what it likes.
std::string check_line(const std::string& got, const std::vector<std::string>& told, bool repeated,
                       bool broken) {
  std::size_t next = 0;
  std::size_t place = 0;
  while (place < got.size()) {
    if (got[place] == '\n') {
      ++place;
      continue;
    }
    const std::string_view rest = std::string_view(got).substr(place);
    std::size_t found = next;
    while (found < told.size() && !rest.starts_with(told[found])) ++found;
    if (found < told.size() && (broken || repeated || found == next)) {
      place += told[found].size();
      next = found + 1;
      continue;
    }
    if (!broken) {
      return fmt::format("the robot got \"{}\", which was not told", rest.substr(0, 20));
    }
    const auto end = rest.find_first_of("\n#", 1);  // a part: only where the line broke
    place = end == rest.npos ? got.size() : place + end;
  }
  if (!broken && !repeated && next != told.size())
    return "the robot did not get all that was told to be sent";
  return "";
}

/// Whether nothing waits for room on the line, or for memory.
bool all_is_written(Process& side) {
  bool all = true;
  side.reactor().for_each([&all](EventHandler& handler) {
    if (const auto* port = dynamic_cast<SerialPort*>(&handler)) all = all && port->buffered() == 0;
  });
  return all;
}

Robot& switch_on(Run& run, Process& side) {
  return side.reactor().emplace<Robot>(run.world.make_line(side, kLine));
}

const JuliusTranscript& transcript() {
  static const JuliusTranscript loaded =
      JuliusTranscript::load(BUNSHIN_FIXTURES "/julius/robot-commands").as_spoken();
  return loaded;
}

}  // namespace

void play_bridge(Run& run) {
  const auto address = Endpoint::parse("127.0.0.1:10500");
  auto& account = run.keep<Account>();
  Process& robot_side = run.start("robot");
  Process& engine = run.start("julius");
  Process& bridge_side = run.start("bridge");
  BridgeConfig config = builtin_config();
  config.julius.address = address.to_string();
  config.serial.device = kLine;
  Robot* robot = nullptr;
  account.side = &bridge_side;
  Bridge* bridge = nullptr;
  try {
    const bool robot_is_late = run.chance();
    if (!robot_is_late) robot = &switch_on(run, robot_side);
    engine.reactor().emplace<SimulatedJulius>(
        address, transcript(), SimulatedJulius::Options{run.chance() ? 1.0 : 6.0, true});
    bridge = &bridge_side.reactor().emplace<Bridge>(config, account);
    if (robot_is_late) {
      run.until([&account] { return account.accepted > 0; }, 12000);
      robot = &switch_on(run, robot_side);
    }
  } catch (const std::system_error& error) {
    return run.excuse(error);
  }
  const std::size_t wanted = 3 + run.pick(12);
  const auto goes_well = [&account] {
    require(account.wrong.empty(), account.wrong);
    return true;
  };
  if (run.chance()) {  // away while the robot answers
    run.until([&] { return account.waits() && bridge_side.asleep(); }, 12000);
    bridge_side.stop_for(std::chrono::milliseconds(2500));
  }
  run.until([&] { return goes_well() && account.accepted >= wanted; }, 12000);
  engine.kill();
  run.until([&] { return goes_well() && bridge->idle(); }, 12000);
  run.until([&] { return all_is_written(bridge_side); }, 12000);
  run.settle(500);  // what was given up may still be on its way
  goes_well();
  require(account.settled == account.accepted,
          fmt::format("{} commands were accepted, of {} was told what became of them",
                      account.accepted, account.settled));
  const bool broken =
      run.draws().happened(Choice::unplugged) > 0 || run.draws().happened(Choice::lost_byte) > 0;
  const std::string wrong = check_line(robot->got, account.told, account.repeated, broken);
  require(wrong.empty(), wrong);
}

}  // namespace bunshin::simulation
