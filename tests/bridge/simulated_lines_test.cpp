// The shipped profiles, against the simulator of such a robot, on real pseudo-terminals.
#include "bridge/simulated_lines.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include "bridge/robot_driver.h"
#include "bridge/robot_protocol.h"
#include "tests/bridge/io_fixture.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SimulatedLinesTest : public EngineCase {
 protected:
  SimulatedLines& make_robot(const char* profile, SimulatedLines::Words words = {}) {
    auto& robot =
        reactor.emplace<SimulatedLines>(PseudoTerminal::make(), *lines_profile(profile), words);
    robot.on_line([this](std::string_view line) { done.emplace_back(line); });
    return robot;
  }
  RobotDriver& make_driver(const std::string& path, const char* profile) {
    auto& driver = reactor.emplace<RobotDriver>(
        SerialConfig{path}, make_command_queue(lines_profile(profile), {}, notes), notes, kSoon);
    driver.begin(AtStart::fail);
    return driver;
  }

  Notes notes;
  std::vector<std::string> done;
};
BUNSHIN_EVERY_ENGINE(SimulatedLinesTest);

TEST_P(SimulatedLinesTest, EveryProfileIsUnderstood) {
  for (const auto& [profile, ok] :
       {std::pair("grbl", "ok"), std::pair("marlin", "ok"), std::pair("arduino", "OK")}) {
    done.clear();
    auto& robot = make_robot(profile, {ok, "error:20", ""});
    auto& driver = make_driver(robot.path(), profile);
    for (const char* command : {"G28", "G0 X1", "M5"}) driver.command(command);
    run_until([&] { return driver.is_open() && driver.idle(); });
    if (std::string_view(profile) == "marlin") {
      EXPECT_THAT(done, ElementsAre("M110 N0", "G28", "G0 X1", "M5"));
    } else {
      EXPECT_THAT(done, ElementsAre("G28", "G0 X1", "M5")) << profile;
    }
    EXPECT_THAT(notes.given_up, IsEmpty());
    driver.close();
    robot.close();
    run_rounds(1);
  }
}

TEST_P(SimulatedLinesTest, StopIsTakenAtOnce) {
  auto& robot = make_robot("grbl");
  auto& driver = make_driver(robot.path(), "grbl");
  driver.command("G0 X1");
  run_until([&] { return notes.answers.size() == 1; });
  driver.command("!");
  run_until([&] { return done.size() == 2; });
  EXPECT_THAT(done, ElementsAre("G0 X1", "!"));
}

TEST_P(SimulatedLinesTest, AnErrorCostsThatLineOnly) {
  auto& robot = make_robot("grbl");
  auto& driver = make_driver(robot.path(), "grbl");
  driver.command("bad");
  driver.command("G0");
  run_until([&] { return notes.answers.size() == 1; });
  EXPECT_THAT(notes.given_up, ElementsAre("bad"));
  EXPECT_THAT(done, ElementsAre("G0"));
}

TEST_P(SimulatedLinesTest, WhatCameDamagedIsAskedForAgain) {
  const Pty pty = make_pty();  // the test is the robot
  auto& driver = make_driver(pty.slave_path, "marlin");
  std::string written;
  run_until([&] {
    written += read_now(pty.master.get());
    return written.ends_with("\nN0 M110 N0*125\n");
  });
  write_all(pty.master.get(), "ok\n");
  driver.command("G28");
  run_until([&] {
    written += read_now(pty.master.get());
    return written.ends_with("N1 G28*18\n");
  });
  write_all(pty.master.get(), "Error:checksum mismatch, Last Line: 0\nResend: 1\nok\n");
  run_until([&] {
    written += read_now(pty.master.get());
    return written.ends_with("N1 G28*18\nN1 G28*18\n");
  });
  write_all(pty.master.get(), "ok\n");
  run_until([&] { return driver.idle(); });
  EXPECT_THAT(notes.answers, ElementsAre("ok", "ok"));
}

TEST_P(SimulatedLinesTest, MarlinRefusesWhatIsNotSummed) {
  auto& robot = make_robot("marlin");
  const UniqueFd line(::open(robot.path().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK));
  std::string said;
  for (const char* text : {"G28\n", "N1 G28*17\n", "N2 G28*17\n", "N1 G28*18\n"}) {
    write_all(line.get(), text);
    std::string answer;
    run_until([&] {
      answer += read_now(line.get());
      return answer.ends_with("ok\r\n");
    });
    said += answer;
  }
  EXPECT_THAT(done, ElementsAre("G28"));
  EXPECT_NE(said.find("Resend: 1\r\n"), std::string::npos);
}

TEST_P(SimulatedLinesTest, ABridgeDrivesIt) {
  auto& robot = make_robot("arduino", {"OK", "ERROR", ""});
  const Listener listener(Family::ipv4);
  BridgeConfig config = config_for(listener.address.to_string(), robot.path());
  config.robot.lines = lines_profile("arduino");
  config.rules = {{"LED * 点けろ", "LED {1}", std::nullopt}};
  auto& bridge = reactor.emplace<Bridge>(config, notes, kSoon);
  run_until([&] { return bridge.connected(); });
  Peer peer = listener.accept();
  peer.send(spoken({"LED", "13", "点けろ"}));
  run_until([&] { return notes.answers.size() == 1; });
  EXPECT_THAT(done, ElementsAre("LED 13"));
  config.robot.lines.reset();
  EXPECT_THROW(bridge.configure(config), std::invalid_argument) << "not while it runs";
}

}  // namespace
}  // namespace bunshin::testing
