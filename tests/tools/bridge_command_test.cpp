#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <tuple>

#include "tests/support/engines.h"
#include "tests/support/files.h"
#include "tests/support/peer.h"
#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

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
  EXPECT_EQ(failure_of({"bridge", "--baud", "0"}).first, 2);
  EXPECT_EQ(failure_of({"bridge", "--baud", "fast"}).first, 2);
  EXPECT_THAT(failure_of({"bridge", "--serial", ""}).second, HasSubstr("--serial: it is empty"));
  EXPECT_EQ(failure_of({"bridge", "--julius", "here", "--check"}).first, 2);
  EXPECT_EQ(failure_of({"bridge", "--serail", "/dev/ttyAMA0"}).first, 2);
}

TEST(BridgeCommand, ALineThatCanNotBeHadIsNamed) {
  EXPECT_THAT(failure_of({"bridge", "--serial", make_file("")}).second, HasSubstr("is not a tty"));
  EXPECT_THAT(failure_of({"bridge", "--raw", "--serial", "/dev/null"}).second,
              HasSubstr("is not a tty"));
  const auto [status, line] =
      failure_of({"bridge", "--fail-fast", "--serial", "/dev/no-such-line"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(line, HasSubstr("no such serial device"));
}

TEST(BridgeCommand, ALineThatIsNotThereAtTheStartIsWaitedFor) {
  const World world;
  const std::string path = fresh_path("line");
  for (const char* how : {"--raw", "--verbose"}) {
    Program bridge(bunshin({"bridge", "--julius", world.address, "--serial", path, how}));
    EXPECT_TRUE(bridge.wait_for_errors("there is no such serial device as " + path));
    ASSERT_EQ(::symlink(world.line.c_str(), path.c_str()), 0);
    EXPECT_TRUE(bridge.wait_for_errors("the serial line " + path + " is open at 57600 baud"));
    bridge.signal(SIGTERM);
    EXPECT_EQ(bridge.wait(), 0);
    ::unlink(path.c_str());
  }
}

TEST(BridgeCommand, MovesTheRobotAndGivesTheLineBack) {
  World world;
  Program bridge(world.bridge());
  EXPECT_TRUE(bridge.wait_for_errors("heard \"前へ進め\", confidence 0.787"));
  EXPECT_TRUE(bridge.wait_for_errors("sent #M1, the robot answered #M1"));
  EXPECT_TRUE(bridge.wait_for_errors("refused, below 0.700"));
  auto arguments = world.bridge();
  arguments.emplace_back("--fail-fast");
  Program second(arguments);
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

/// One word, heard for certain.
std::string heard(std::string_view word) {
  return "<RECOGOUT>\n<SHYPO RANK=\"1\"><WHYPO WORD=\"" + std::string(word) +
         "\" CM=\"0.8\"/></SHYPO>\n</RECOGOUT>\n.\n";
}

/// A bridge with a configuration file, an engine and a line that the test plays.
struct ConfiguredBridge {
  /// `more` ends a file that names engine and line and has one rule, for "a".
  void write(std::string_view send, std::string_view more = "") const {
    std::ofstream(config) << "[julius]\naddress = \"" << address() << "\"\n[serial]\ndevice = \""
                          << pty.slave_path << "\"\n[[rule]]\nwords = \"a\"\nsend = \"" << send
                          << "\"\n"
                          << more;
  }
  std::string address() const { return engine.address.to_string(); }
  Program run() const {
    write("#M1");
    return Program(bunshin({"bridge", "--config", config}));
  }
  Listener engine{Family::ipv4};
  Pty pty = make_pty();
  std::string config = make_file("");
};

TEST(BridgeCommand, HupReadsTheConfigurationAgain) {
  const ConfiguredBridge world;
  Program bridge = world.run();
  Peer peer = world.engine.accept();
  peer.send("<STARTPROC/>\n.\n");
  EXPECT_TRUE(bridge.wait_for_errors("connected to Julius"));
  world.write("#M2", "[[rule]]\nwords = \"b\"\nsend = \"#M0\"\n");
  bridge.signal(SIGHUP);
  EXPECT_TRUE(bridge.wait_for_errors("configuration, line 7: send = \"#M1\" is gone"));
  EXPECT_TRUE(bridge.wait_for_errors("configuration, line 7: send = \"#M2\" is new"));
  EXPECT_TRUE(bridge.wait_for_errors("configuration, line 9: words = \"b\" is new"));
  EXPECT_TRUE(bridge.wait_for_errors("the configuration was read again"));
  peer.send(heard("a") + heard("b"));
  EXPECT_TRUE(bridge.wait_for_errors("rule \"a\", #M2"));
  EXPECT_TRUE(bridge.wait_for_errors("rule \"b\", #M0"));
  bridge.signal(SIGHUP);
  EXPECT_TRUE(bridge.wait_for_errors("nothing has changed"));
  EXPECT_THAT(bridge.errors(), Not(HasSubstr("lost Julius")));
}

TEST(BridgeCommand, HupKeepsTheConfigurationWhenTheNewOneIsWrong) {
  const ConfiguredBridge world;
  Program bridge = world.run();
  Peer peer = world.engine.accept();
  for (const auto& [send, more, complaint] :
       {std::tuple("#M", "", ":7: rule.send: "), std::tuple("#M2", "= =", ":8: "),
        std::tuple("#M2", "[julius]\n", ":8: ")}) {
    world.write(send, more);
    bridge.signal(SIGHUP);
    EXPECT_TRUE(bridge.wait_for_errors(world.config + complaint));
  }
  std::filesystem::remove(world.config);
  bridge.signal(SIGHUP);
  EXPECT_TRUE(
      bridge.wait_for_errors("No such file or directory; the configuration stays as it was"));
  peer.send(heard("a"));
  EXPECT_TRUE(bridge.wait_for_errors("rule \"a\", #M1"));
}

TEST(BridgeCommand, HupChangesTheEngineAndTheLine) {
  const ConfiguredBridge before;
  Program bridge = before.run();
  Peer peer = before.engine.accept();
  EXPECT_EQ(read_exactly(before.pty.master.get(), 2), "\n\n");
  ConfiguredBridge after;
  after.config = before.config;
  after.write("#M3");
  bridge.signal(SIGHUP);
  peer = after.engine.accept();
  EXPECT_EQ(read_exactly(after.pty.master.get(), 2), "\n\n");
  EXPECT_TRUE(bridge.wait_for_errors("line 2: address = \"" + after.address() + "\" is new"));
  EXPECT_TRUE(bridge.wait_for_errors("line 4: device = \"" + after.pty.slave_path + "\" is new"));
  const UniqueFd line(::open(before.pty.slave_path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  EXPECT_EQ(::flock(line.get(), LOCK_EX | LOCK_NB), 0) << "it was given back";
  peer.send(heard("a"));
  EXPECT_EQ(read_exactly(after.pty.master.get(), 2), "#C");
}

TEST(BridgeCommand, HupWorksForARawBridgeToo) {
  const ConfiguredBridge before;
  before.write("#M1");
  Program bridge(bunshin({"bridge", "--raw", "--config", before.config}));
  Peer peer = before.engine.accept();
  ConfiguredBridge after;
  after.config = before.config;
  after.write("#M1");
  bridge.signal(SIGHUP);
  peer = after.engine.accept();
  peer.send("anything");
  EXPECT_EQ(read_exactly(after.pty.master.get(), 8), "anything");
}

// A pipe can be read once.
TEST(BridgeCommand, TheConfigurationMayComeFromAPipe) {
  const ConfiguredBridge world;
  world.write("#M1");
  std::ifstream file(world.config);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Program bridge(bunshin({"bridge", "--config", "/dev/stdin"}));
  bridge.send(text);
  bridge.end_input();
  Peer peer = world.engine.accept();
  peer.send(heard("a"));
  EXPECT_TRUE(bridge.wait_for_errors("rule \"a\", #M1"));
  bridge.signal(SIGHUP);
  EXPECT_TRUE(bridge.wait_for_errors(
      "/dev/stdin can be read only once; the configuration stays as it was"));
}

TEST(BridgeCommand, AFloodIsToldOnce) {
  const ConfiguredBridge world;
  Program bridge = world.run();
  Peer peer = world.engine.accept();
  for (int i = 0; i < 1000; ++i) peer.send(heard("a"));
  peer.send("<RECOGOUT>\n.\n");
  EXPECT_TRUE(bridge.wait_for_errors("was skipped"));
  const std::string& errors = bridge.errors();
  const auto lines = std::count(errors.begin(), errors.end(), '\n');
  EXPECT_LT(lines, 40);
  EXPECT_THAT(errors, HasSubstr("more is heard than anybody says"));
  bridge.signal(SIGUSR1);
  EXPECT_TRUE(bridge.wait_for_errors("1000 phrases heard"));
}

TEST(BridgeCommand, CheckWarnsOfWordsThatLookRight) {
  const std::string config = make_file("[[rule]]\nwords = \"LED を 点けろ\"\nsend = \"#M1\"\n");
  Program program(bunshin({"bridge", "--config", config, "--check"}));
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.errors(), HasSubstr(config + ":2: rule.words: its Latin letters"));
}

TEST(BridgeCommand, Usr1TellsHowItStands) {
  const ConfiguredBridge world;
  Program bridge = world.run();
  Peer peer = world.engine.accept();
  peer.send(heard("a") + "<RECOGOUT>\n.\n");
  EXPECT_TRUE(bridge.wait_for_errors("was skipped"));
  bridge.signal(SIGUSR1);
  EXPECT_TRUE(bridge.wait_for_errors("Julius at " + world.address() +
                                     ": connected, 1 messages skipped, 0 damaged"));
  EXPECT_TRUE(bridge.wait_for_errors("the serial line " + world.pty.slave_path +
                                     " at 57600 baud: open, 1 commands wait"));
  EXPECT_TRUE(bridge.wait_for_errors("1 phrases heard, 0 commands carried out"));
}

/// Once per engine.
class StoppedBridge : public ::testing::TestWithParam<std::string> {};
BUNSHIN_EVERY_ENGINE(StoppedBridge);

// ^Z, a laptop that sleeps, a machine that is busy: what arrived meanwhile is no silence.
TEST_P(StoppedBridge, DoesNotTakeItsOwnAbsenceForTheRobotsSilence) {
  const Pty pty = make_pty();
  const Listener engine(Family::ipv4);
  Program bridge(bunshin({"bridge", "--engine", GetParam(), "--julius", engine.address.to_string(),
                          "--serial", pty.slave_path}));
  Peer peer = engine.accept();
  peer.send(heard("赤 に 光れ"));
  const std::string pose = "#PR255G000B000T010";
  EXPECT_EQ(read_exactly(pty.master.get(), 4), "\n\n#C");
  write_all(pty.master.get(), "#C0");
  EXPECT_EQ(read_exactly(pty.master.get(), pose.size()), pose);
  bridge.signal(SIGSTOP);
  write_all(pty.master.get(), "#PT010");
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));  // beyond the second for a reply
  bridge.signal(SIGCONT);
  EXPECT_TRUE(bridge.wait_for_errors("sent " + pose + ", the robot answered #PT010"));
  bridge.signal(SIGTERM);
  peer.close();
  EXPECT_EQ(bridge.wait(), 0);
  EXPECT_THAT(bridge.errors(), Not(HasSubstr("is sent again")));
  EXPECT_EQ(read_now(pty.master.get()), "");
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
