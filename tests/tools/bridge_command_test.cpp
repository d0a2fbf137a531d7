#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <fstream>
#include <thread>

#include "tests/support/files.h"
#include "tests/support/peer.h"
#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

/// The engine and the robot, as programs of their own.
struct World {
  explicit World(const std::string& speed = "0.2")
      : julius(bunshin({"sim", "julius", fixture_path("julius/robot-commands"), "127.0.0.1:0",
                        "--speed", speed})) {
    address = julius.output_after("listening on ");
    line = robot.output_after("listening on ");
  }
  std::vector<std::string> bridge() const {
    return bunshin({"bridge", "--julius", address, "--serial", line});
  }
  Program julius;
  Program robot{bunshin({"sim", "rapiro"})};
  std::string address;
  std::string line;
};

TEST(BridgeCommand, CheckSaysWhatItWouldDo) {
  Program program(bunshin({"bridge", "--check", "--serial", "/dev/ttyUSB7", "--baud", "9600"}));
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.output(), HasSubstr("localhost:10500"));
  EXPECT_THAT(program.output(), HasSubstr("/dev/ttyUSB7 at 9600 baud"));
  EXPECT_THAT(program.output(), HasSubstr("#PR255G255B000T010  when \"黄色 に 光れ\""));
  EXPECT_EQ(program.errors(), "");
}

TEST(BridgeCommand, AWrongConfigurationIsNamedWithItsLine) {
  const std::string truncated = make_file("[[rule]]\nwords = \"a\"\nsend = \"#M\"\n");
  for (const char* check : {"--check", "--raw", "--verbose"}) {
    const auto [status, line] = failure_of({"bridge", "--config", truncated, check});
    EXPECT_EQ(status, 2);
    EXPECT_THAT(line, HasSubstr(truncated + ":3: rule.send: "));
  }
  const std::string typo = make_file("min_confidense = 0.5\n");
  EXPECT_THAT(failure_of({"bridge", "--config", typo}).second,
              HasSubstr(":1: min_confidense: unknown key, did you mean \"min_confidence\"?"));
  EXPECT_EQ(failure_of({"bridge", "--config", "/nonexistent"}).first, 2);
  EXPECT_EQ(failure_of({"bridge", "--config", "/"}).first, 2);
  EXPECT_EQ(failure_of({"bridge", "--config", make_file("= = =")}).first, 2);
}

TEST(BridgeCommand, WrongArgumentsExitWithTwo) {
  EXPECT_EQ(failure_of({"bridge", "--baud", "57601"}).first, 2);
  EXPECT_EQ(failure_of({"bridge", "--baud", "fast"}).first, 2);
  EXPECT_EQ(failure_of({"bridge", "--julius", "here", "--check"}).first, 2);
  EXPECT_EQ(failure_of({"bridge", "--serail", "/dev/ttyAMA0"}).first, 2);
}

TEST(BridgeCommand, ALineThatCanNotBeHadIsNamed) {
  EXPECT_THAT(failure_of({"bridge", "--serial", make_file("")}).second, HasSubstr("is not a tty"));
  EXPECT_THAT(failure_of({"bridge", "--raw", "--serial", "/dev/null"}).second,
              HasSubstr("is not a tty"));
  const auto [status, line] = failure_of({"bridge", "--serial", "/dev/no-such-line"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(line, HasSubstr("no such serial device"));
}

TEST(BridgeCommand, MovesTheRobotAndGivesTheLineBack) {
  World world;
  Program bridge(world.bridge());
  EXPECT_TRUE(bridge.wait_for_errors("heard \"前へ進め\", confidence 0.787"));
  EXPECT_TRUE(bridge.wait_for_errors("sent #M1, the robot answered #M1"));
  EXPECT_TRUE(bridge.wait_for_errors("refused, below 0.700"));
  Program second(world.bridge());
  EXPECT_EQ(second.wait(), 1);
  EXPECT_THAT(second.errors(), HasSubstr("in use by another program"));
  bridge.signal(SIGTERM);
  EXPECT_EQ(bridge.wait(), 0);
  const UniqueFd line(::open(world.line.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  int exclusive = 1;
  EXPECT_EQ(::ioctl(line.get(), TIOCGEXCL, &exclusive), 0);
  EXPECT_EQ(exclusive, 0);
  EXPECT_EQ(::flock(line.get(), LOCK_EX | LOCK_NB), 0);
}

TEST(BridgeCommand, AnotherOneTakesOverFromAKilledOne) {
  World world("0");
  const UniqueFd line(::open(world.line.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  {
    Program bridge(world.bridge());
    EXPECT_TRUE(bridge.wait_for_errors("connected to Julius"));
    bridge.signal(SIGKILL);
    EXPECT_EQ(bridge.wait(), -SIGKILL);
  }
  // The killed one could not take back TIOCEXCL; the simulator does, as a real line would.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  for (int exclusive = 1; exclusive != 0 && std::chrono::steady_clock::now() < deadline;) {
    EXPECT_EQ(::ioctl(line.get(), TIOCGEXCL, &exclusive), 0);
    std::this_thread::yield();
  }
  Program next(world.bridge());
  EXPECT_TRUE(next.wait_for_errors("sent #PR255G255B000T010, the robot answered #PT010"));
  next.signal(SIGINT);
  EXPECT_EQ(next.wait(), 0);
  EXPECT_EQ(world.robot.output().find("stuck"), std::string::npos);
}

TEST(BridgeCommand, WaitsForJuliusAndEndsOnASignal) {
  const Pty pty = make_pty();
  Program bridge(bunshin({"bridge", "--julius", refusing_address(Family::ipv4).to_string(),
                          "--serial", pty.slave_path}));
  EXPECT_TRUE(bridge.wait_for_errors("cannot reach Julius"));
  bridge.signal(SIGINT);
  EXPECT_EQ(bridge.wait(), 0);
}

TEST(BridgeCommand, FinishesWithinFiveSecondsAndAtOnceWhenAskedTwice) {
  const Pty pty = make_pty();  // a robot that never answers
  const Listener engine(Family::ipv4);
  Program bridge(
      bunshin({"bridge", "--julius", engine.address.to_string(), "--serial", pty.slave_path}));
  Peer peer = engine.accept();
  peer.send("<RECOGOUT>\n<SHYPO RANK=\"1\"><WHYPO WORD=\"止まれ\"/></SHYPO>\n</RECOGOUT>\n.\n");
  EXPECT_TRUE(bridge.wait_for_errors("heard \"止まれ\""));
  bridge.signal(SIGINT);
  EXPECT_EQ(peer.receive_all(), "");  // it has begun to finish
  peer.close();
  const auto began = std::chrono::steady_clock::now();
  bridge.signal(SIGINT);
  EXPECT_EQ(bridge.wait(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  EXPECT_THAT(bridge.errors(), HasSubstr("1 commands were not carried out"));
}

TEST(BridgeCommand, RawCarriesEveryByte) {
  const Pty pty = make_pty();
  Program julius(
      bunshin({"sim", "julius", fixture_path("julius/control"), "127.0.0.1:0", "--speed", "0"}));
  Program bridge(bunshin({"bridge", "--raw", "--julius", julius.output_after("listening on "),
                          "--serial", pty.slave_path}));
  const std::string recorded = read_fixture("julius/control.bin");
  EXPECT_EQ(read_exactly(pty.master.get(), recorded.size()), recorded);
  bridge.signal(SIGTERM);
  EXPECT_EQ(bridge.wait(), 0);
}

}  // namespace
}  // namespace bunshin::testing
