#include "bridge/bridge.h"

#include <gmock/gmock.h>

#include <functional>
#include <random>

#include "bridge/rapiro_protocol.h"
#include "tests/bridge/io_fixture.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kBlue = "#PR000G000B255T010";
constexpr const char* kGreen = "#PR000G255B000T010";
constexpr const char* kYellow = "#PR255G255B000T010";

class BridgeTest : public EngineCase {
 protected:
  SimulatedJulius& play(const JuliusTranscript& transcript, double speed) {
    return reactor.emplace<SimulatedJulius>(Endpoint::parse("127.0.0.1:0"), transcript,
                                            SimulatedJulius::Options{speed, false});
  }
  SimulatedRapiro& make_robot() {
    return reactor.emplace<SimulatedRapiro>(PseudoTerminal::make(), 20);
  }
  Bridge& join(const SocketAddress& address, const std::string& line) {
    return reactor.emplace<Bridge>(config_for(address.to_string(), line), notes, kSoon);
  }
  static JuliusTranscript recording(const char* name) {
    return JuliusTranscript::load(fixture_path(std::string("julius/") + name)).as_spoken();
  }
  void feed(Peer& peer, std::string_view bytes) {
    run_until([&] {
      bytes.remove_prefix(peer.send_now(bytes));
      return bytes.empty();
    });
  }

  /// A bridge with a robot, and the engine that the test plays for it.
  Peer play_engine(const std::function<void(BridgeConfig&)>& change) {
    const auto& robot = make_robot();
    const Listener listener(Family::ipv4);
    BridgeConfig config = config_for(listener.address.to_string(), robot.path());
    change(config);
    const auto& bridge = reactor.emplace<Bridge>(config, notes, kSoon);
    run_until([&] { return bridge.connected(); });
    return listener.accept();
  }
  std::string receive(Peer& peer, std::size_t size) {
    run_until([&] { return peer.readable(); });
    return peer.receive(size);
  }

  Notes notes;
};
BUNSHIN_EVERY_ENGINE(BridgeTest);

TEST_P(BridgeTest, MovesTheRobotByWhatWasSaid) {
  const auto transcript = recording("robot-commands");
  const auto& robot = make_robot();
  auto& bridge = join(play(transcript, 12).local_address(), robot.path());
  run_until([&] { return notes.messages == transcript.rows().size() && bridge.idle(); });
  EXPECT_THAT(notes.answered_commands,
              ElementsAre("#M1", "#M3", "#M4", "#M0", "#M5", kBlue, kBlue, kGreen, kYellow));
  EXPECT_THAT(notes.answers, ElementsAre("#M1", "#M3", "#M4", "#M0", "#M5", "#PT010", "#PT010",
                                         "#PT010", "#PT010"));
  ASSERT_EQ(notes.outcomes.size(), 10U);
  EXPECT_EQ(notes.outcomes[1], Decision::Outcome::refused);
  EXPECT_THAT(notes.given_up, IsEmpty());
}

// The guesses of the first pass, and the second to fifth best, name other commands.
TEST_P(BridgeTest, OnlyFinalHypothesesMoveTheRobot) {
  const auto transcript = recording("robot-nbest");
  const auto& robot = make_robot();
  auto& bridge = join(play(transcript, 12).local_address(), robot.path());
  run_until([&] { return notes.messages == transcript.rows().size() && bridge.idle(); });
  EXPECT_EQ(notes.phrases.size(), 10U);
  EXPECT_THAT(notes.answered_commands,
              ElementsAre("#M1", kBlue, "#M3", "#M4", "#M0", "#M5", kBlue, kBlue, kGreen, kYellow));
}

TEST_P(BridgeTest, NothingMovesBeforeTheBlockIsComplete) {
  const auto& robot = make_robot();
  const Listener listener(Family::ipv4);
  auto& bridge = join(listener.address, robot.path());
  run_until([&] { return bridge.connected(); });
  Peer peer = listener.accept();
  const std::string block = spoken({"前へ進め"});
  feed(peer, std::string_view(block).substr(0, block.size() - 1));
  rounds_in(50ms);
  EXPECT_TRUE(bridge.idle());
  EXPECT_THAT(notes.phrases, IsEmpty());
  feed(peer, "\n");
  run_until([&] { return notes.answers.size() == 1; });
}

TEST_P(BridgeTest, AConnectionThatEndsInsideABlockMovesNothing) {
  const auto& robot = make_robot();
  const Listener listener(Family::ipv4);
  auto& bridge = join(listener.address, robot.path());
  run_until([&] { return bridge.connected(); });
  Peer peer = listener.accept();
  const std::string block = spoken({"前へ進め"});
  feed(peer, "<STARTPROC/>\n.\n");
  feed(peer, std::string_view(block).substr(0, block.size() - 2));
  peer.close();
  run_until([&] { return log.count("lost Julius") == 1; });
  run_until([&] { return bridge.connected(); });
  peer = listener.accept();
  feed(peer, ".\n" + spoken({"止まれ"}));
  run_until([&] { return notes.answers.size() == 1; });
  EXPECT_THAT(notes.answers, ElementsAre("#M0"));
}

TEST_P(BridgeTest, JuliusAndTheLineMayBothGoAndComeBack) {
  Pty pty = make_pty();
  LinePath line(pty.slave_path);
  auto listener = std::make_unique<Listener>(Family::ipv4);
  const SocketAddress address = listener->address;
  auto& bridge = join(address, line.path());
  run_until([&] { return bridge.connected(); });
  Peer peer = listener->accept();
  line.cut();
  pty = Pty();
  feed(peer, spoken({"手を振れ"}));
  run_until([&] { return log.count("hung up") == 1; });
  peer.close();
  listener.reset();
  run_until([&] { return log.count("lost Julius") == 1; });
  const auto& robot = make_robot();
  line.lead_to(robot.path());
  // What was heard while the line was away is said when it is back.
  run_until([&] { return notes.answers.size() == 1; });
  EXPECT_THAT(notes.answers, ElementsAre("#M5"));
}

TEST_P(BridgeTest, ASecondBridgeOnTheSameLineIsRefused) {
  const auto& robot = make_robot();
  const Listener listener(Family::ipv4);
  join(listener.address, robot.path());
  const auto config = config_for(listener.address.to_string(), robot.path());
  EXPECT_THROW(reactor.emplace<Bridge>(config, notes, kSoon, AtStart::fail), std::system_error);
}

/// Whether all that was written is newlines and commands the firmware answers.
bool is_whole(std::string_view written) {
  while (!written.empty()) {
    if (written.front() == '\n') {
      written.remove_prefix(1);
      continue;
    }
    const std::size_t end = std::min(written.find_first_of("#\n", 1), written.size());
    if (validate_command(written.substr(0, end))) return false;
    written.remove_prefix(end);
  }
  return true;
}

// Damaged speech, at any byte: the bridge lives, and the line never sees half a command.
TEST_P(BridgeTest, DamagedInputNeverPutsPartOfACommandOnTheLine) {
  const Pty pty = make_pty();
  const Listener listener(Family::ipv4);
  auto& bridge = join(listener.address, pty.slave_path);
  run_until([&] { return bridge.connected(); });
  Peer peer = listener.accept();
  std::mt19937 random(11);
  const std::string bytes = read_fixture("julius/robot-commands.bin");
  std::string written;
  for (int round = 0; round < 20; ++round) {
    std::string damaged = bytes;
    for (int i = 0; i < 40; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    feed(peer, damaged);
    run_rounds(3);
    written += read_now(pty.master.get());
  }
  feed(peer, "\n.\n" + spoken({"止まれ"}));
  run_until([&] {
    written += read_now(pty.master.get());
    return written.ends_with("#M0") || written.ends_with("#C");
  });
  EXPECT_TRUE(bridge.connected());
  EXPECT_TRUE(is_whole(written)) << written;
}

TEST_P(BridgeTest, TenMegabytesWithoutAnEndAndRandomBytesAreSurvived) {
  const auto& robot = make_robot();
  const Listener listener(Family::ipv4);
  auto& bridge = join(listener.address, robot.path());
  run_until([&] { return bridge.connected(); });
  Peer peer = listener.accept();
  std::mt19937 random(5);
  std::string noise(100'000, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  feed(peer, std::string(10'000'000, '#') + "\n.\n" + noise + "\n.\n" + spoken({"前へ進め"}));
  run_until([&] { return notes.answers.size() == 1; });
  EXPECT_THAT(notes.answers, ElementsAre("#M1"));
  EXPECT_GE(bridge.skipped(), 1U);
  EXPECT_GE(bridge.damaged(), 1U);
}

/// A result whose second hypothesis is the word `spoilt`, as it stands.
std::string with_second(std::string_view spoilt) {
  return "<RECOGOUT>\n  <SHYPO RANK=\"1\">\n    <WHYPO WORD=\"前へ進め\" CM=\"0.900\"/>\n  "
         "</SHYPO>\n"
         "  <SHYPO RANK=\"2\">\n    <WHYPO WORD=\"" +
         std::string(spoilt) + "\" CM=\"0.900\"/>\n  </SHYPO>\n</RECOGOUT>\n.\n";
}

TEST_P(BridgeTest, WhatIsSpoiltInAWorseHypothesisDoesNotStopTheRobot) {
  const auto& robot = make_robot();
  const Listener listener(Family::ipv4);
  auto& bridge = join(listener.address, robot.path());
  run_until([&] { return bridge.connected(); });
  Peer peer = listener.accept();
  feed(peer, with_second("\"") + with_second("\xff"));
  run_until([&] { return notes.answers.size() == 2; });
  EXPECT_THAT(notes.answers, ElementsAre("#M1", "#M1"));
  EXPECT_EQ(bridge.damaged(), 2U);
  EXPECT_EQ(bridge.skipped(), 0U);
  EXPECT_EQ(log.count("a message of Julius is damaged: the rest of its hypotheses is left out"),
            1U);
}

TEST_P(BridgeTest, AWordThatCouldNotBeReadMovesNothing) {
  const auto& robot = make_robot();
  const Listener listener(Family::ipv4);
  auto& bridge = join(listener.address, robot.path());
  run_until([&] { return bridge.connected(); });
  Peer peer = listener.accept();
  feed(peer, spoken({"前へ進め\xff"}) + spoken({"\"前へ進め"}) + spoken({"止まれ"}));
  run_until([&] { return notes.answers.size() == 1; });
  EXPECT_THAT(notes.answers, ElementsAre("#M0"));
  EXPECT_THAT(notes.phrases, ElementsAre("前へ進め\uFFFD", "止まれ"));
  EXPECT_EQ(bridge.damaged(), 2U);
}

TEST_P(BridgeTest, FollowsAnotherConfigurationAtOnce) {
  const auto& robot = make_robot();
  const Listener listener(Family::ipv4);
  auto& bridge = join(listener.address, robot.path());
  run_until([&] { return bridge.connected() && notes.resyncs == 1; });
  Peer peer = listener.accept();
  const auto& other_robot = make_robot();
  const Listener other(Family::ipv4);
  BridgeConfig config = config_for(other.address.to_string(), other_robot.path());
  config.julius.encoding = "Shift_JIS";
  config.rules = {{"赤", "#M7", std::nullopt}};
  bridge.configure(config);
  EXPECT_FALSE(bridge.connected());
  run_until([&] { return bridge.connected(); });
  peer = other.accept();
  feed(peer, spoken({"\x90\xd4"}));
  run_until([&] { return notes.answers.size() == 1; });
  EXPECT_THAT(notes.answers, ElementsAre("#M7"));
}

TEST_P(BridgeTest, AConfigurationThatCannotBeChangesNothing) {
  const auto& robot = make_robot();
  const Listener listener(Family::ipv4);
  auto& bridge = join(listener.address, robot.path());
  run_until([&] { return bridge.connected(); });
  Peer peer = listener.accept();
  BridgeConfig config = config_for("nowhere", robot.path());
  config.rules.clear();
  EXPECT_THROW(bridge.configure(config), std::system_error);
  config = config_for(listener.address.to_string(), "/dev/no-such-line");
  config.julius.encoding = "EBCDIC-NOT";
  EXPECT_THROW(bridge.configure(config), std::invalid_argument);
  feed(peer, spoken({"止まれ"}));
  run_until([&] { return notes.answers.size() == 1; });
}

TEST_P(BridgeTest, ALineThatIsConfiguredAndNotThereIsWaitedFor) {
  const auto& robot = make_robot();
  const Listener listener(Family::ipv4);
  auto& bridge = join(listener.address, robot.path());
  run_until([&] { return bridge.connected(); });
  Peer peer = listener.accept();
  LinePath line(robot.path());
  line.cut();
  bridge.configure(config_for(listener.address.to_string(), line.path()));
  run_until([&] { return log.count("there is no such serial device as") == 1; });
  feed(peer, spoken({"止まれ"}));
  run_until([&] { return notes.phrases.size() == 1; });
  line.lead_to(robot.path());
  run_until([&] { return notes.answers.size() == 1; });
}

TEST_P(BridgeTest, ALineThatIsNotThereAtTheStartIsWaitedFor) {
  const auto& robot = make_robot();
  const Listener listener(Family::ipv4);
  LinePath line(robot.path());
  line.cut();
  auto& bridge = join(listener.address, line.path());
  run_until([&] { return bridge.connected(); });
  EXPECT_EQ(log.count("there is no such serial device as"), 1U);
  Peer peer = listener.accept();
  feed(peer, spoken({"止まれ"}));
  run_until([&] { return notes.phrases.size() == 1; });
  line.lead_to(robot.path());
  run_until([&] { return notes.answers.size() == 1; });
  EXPECT_EQ(log.count("is open at 57600 baud"), 1U);
}

TEST_P(BridgeTest, WhyALineCanNotBeHadIsToldWhenTheReasonChanges) {
  const auto& robot = make_robot();
  const Listener listener(Family::ipv4);
  LinePath line(robot.path());
  line.cut();
  join(listener.address, line.path());
  run_until([&] { return log.count("; trying again") >= 1; });
  line.lead_to("/dev/null");
  run_until([&] { return log.count("is not a tty; trying again") == 1; });
  line.lead_to(robot.path());
  run_until([&] { return log.count("is open at 57600 baud") == 1; });
}

TEST_P(BridgeTest, WhatWasNotUnderstoodIsTold) {
  const auto& robot = make_robot();
  const Listener listener(Family::ipv4);
  auto& bridge = join(listener.address, robot.path());
  run_until([&] { return bridge.connected(); });
  Peer peer = listener.accept();
  feed(peer, "<RECOGFAIL/>\n.\n<REJECTED REASON=\"by power\"/>\n.\n" + spoken({"おはよう"}));
  run_until([&] { return notes.phrases.size() == 1; });
  EXPECT_EQ(notes.misunderstood, 2);
  EXPECT_THAT(notes.outcomes, ElementsAre(Decision::Outcome::no_rule));
  EXPECT_TRUE(bridge.idle());
}

TEST_P(BridgeTest, FinishingCarriesOutWhatWasHeard) {
  auto robot_reactor_free = make_pty();
  const Listener listener(Family::ipv4);
  auto& bridge = join(listener.address, robot_reactor_free.slave_path);
  run_until([&] { return bridge.connected() && notes.resyncs == 1; });
  write_all(robot_reactor_free.master.get(), "#C0");
  Peer peer = listener.accept();
  feed(peer, spoken({"止まれ"}));
  run_until([&] { return notes.phrases.size() == 1; });
  reactor.finish(5s);
  std::string written;
  run_until([&] {
    written += read_now(robot_reactor_free.master.get());
    return written.ends_with("#M0");
  });
  peer.close();
  write_all(robot_reactor_free.master.get(), "#M0");
  reactor.run();
  EXPECT_THAT(notes.answers, ElementsAre("#M0"));
  EXPECT_EQ(log.count("did not finish in time"), 0U);
}

constexpr const char* kResume = "RESUME\n";
constexpr const char* kTerminate = "TERMINATE\n";

TEST_P(BridgeTest, TheRobotDoesNotHearItself) {
  Peer peer = play_engine([](BridgeConfig& config) { config.robot.mute_while_moving = true; });
  feed(peer, spoken({"赤", "に", "光れ"}));
  EXPECT_EQ(receive(peer, 10), kTerminate);
  peer.send("<STOPPROC/>\n.\n");
  EXPECT_EQ(receive(peer, 7), kResume) << "the fade is over, which takes 50 ms here";
  EXPECT_THAT(notes.answered_commands, ElementsAre("#PR255G000B000T010")) << "no #Q is told";
}

// A motion loops until the next one: nobody could stop it by word.
TEST_P(BridgeTest, TheEngineIsNotMutedForEver) {
  Peer peer = play_engine([](BridgeConfig& config) {
    config.robot.mute_while_moving = true;
    config.robot.mute_at_most = 500ms;
  });
  const auto began = Clock::now();
  feed(peer, spoken({"前へ進め"}));
  EXPECT_EQ(receive(peer, 10), kTerminate);
  EXPECT_EQ(receive(peer, 7), kResume);
  EXPECT_GE(Clock::now() - began, 500ms);
}

TEST_P(BridgeTest, TheEngineListensAgainWhenTheRobotIsGone) {
  const Listener listener(Family::ipv4);
  const Pty pty = make_pty();  // it never answers
  BridgeConfig config = config_for(listener.address.to_string(), pty.slave_path);
  config.robot.mute_while_moving = true;
  config.robot.mute_at_most = 500ms;
  const auto& bridge = reactor.emplace<Bridge>(config, notes, kSoon);
  run_until([&] { return bridge.connected(); });
  Peer peer = listener.accept();
  feed(peer, spoken({"前へ進め"}));
  EXPECT_EQ(receive(peer, 10), kTerminate);
  EXPECT_EQ(receive(peer, 7), kResume);
}

TEST_P(BridgeTest, ASilentEngineStopsTheRobotOnce) {
  Peer peer = play_engine([](BridgeConfig& config) {
    config.robot.on_silence = OnSilence{100ms, "#M0"};
  });
  rounds_in(150ms);
  EXPECT_THAT(notes.sent_commands, IsEmpty()) << "nothing was said yet: it stands";
  feed(peer, spoken({"前へ進め"}));
  for (int i = 0; i < 5; ++i) {
    rounds_in(50ms);
    peer.send("<INPUT STATUS=\"LISTEN\" TIME=\"0\"/>\n.\n");
  }
  EXPECT_THAT(notes.sent_commands, ElementsAre("#M1")) << "it is not silent";
  run_until([&] { return notes.answers.size() == 2; });
  rounds_in(250ms);
  EXPECT_THAT(notes.sent_commands, ElementsAre("#M1", "#M0"));
  feed(peer, spoken({"前へ進め"}));
  peer.close();
  run_until([&] { return notes.answers.size() == 4; });
  EXPECT_THAT(notes.answers, ElementsAre("#M1", "#M0", "#M1", "#M0")) << "away is silent, too";
}

/// A result of one of several recognisers.
std::string of_recogniser(std::string_view id, std::string_view name, std::string block) {
  const std::string_view tag = "<RECOGOUT";
  return block.replace(0, tag.size(), fmt::format("<RECOGOUT ID=\"SR{}\" NAME=\"{}\"", id, name));
}

TEST_P(BridgeTest, TwoRecognisersThatHearTheSameActOnce) {
  Peer peer = play_engine([](BridgeConfig&) {});
  feed(peer, of_recogniser("00", "a", spoken({"前へ進め"})));
  feed(peer, of_recogniser("01", "b", spoken({"前へ進め"})));
  feed(peer, of_recogniser("00", "a", spoken({"手を振れ"})));
  feed(peer, of_recogniser("01", "b", spoken({"前へ進め"})));
  run_until([&] { return notes.answers.size() == 3; });
  EXPECT_THAT(notes.answered_commands, ElementsAre("#M1", "#M5", "#M1"));
}

TEST_P(BridgeTest, OneRecogniserCanBeChosen) {
  Peer peer = play_engine([](BridgeConfig& config) { config.julius.recogniser = "b"; });
  feed(peer, of_recogniser("00", "a", spoken({"前へ進め"})));
  run_until([&] {
    return log.count("no recogniser is called \"b\" (julius.recogniser); heard of is \"a\"") == 1;
  });
  feed(peer, of_recogniser("01", "b", spoken({"止まれ"})));
  run_until([&] { return notes.answers.size() == 1; });
  EXPECT_THAT(notes.answered_commands, ElementsAre("#M0"));
  EXPECT_THAT(notes.phrases, ElementsAre("止まれ"));
}

TEST_P(BridgeTest, AnEngineWithoutASecondPassIsToldOnce) {
  Peer peer = play_engine([](BridgeConfig&) {});
  const std::string guess =
      "<STARTRECOG/>\n.\n<RECOGOUT>\n<SHYPO PASS=\"1\"><WHYPO WORD=\"止まれ\"/></SHYPO>\n"
      "</RECOGOUT>\n.\n<ENDRECOG/>\n.\n";
  const std::string listen = "<INPUT STATUS=\"LISTEN\" TIME=\"0\"/>\n.\n";
  feed(peer, guess + spoken({"止まれ"}) + listen + guess + "<RECOGFAIL/>\n.\n" + listen);
  run_until([&] { return notes.messages == 10; });
  EXPECT_EQ(log.count("first-pass results only"), 0U);
  feed(peer, guess + listen + guess + listen);
  run_until([&] { return notes.messages == 18; });
  EXPECT_EQ(log.count("first-pass results only"), 1U);
}

TEST_P(BridgeTest, ConfidencesThatAreAllZeroAreThoseOfAFirstPass) {
  Peer peer = play_engine([](BridgeConfig&) {});
  feed(peer,
       "<RECOGOUT>\n<SHYPO RANK=\"1\"><WHYPO WORD=\"止まれ\" CM=\"0.000\"/></SHYPO>\n"
       "</RECOGOUT>\n.\n");
  run_until([&] { return notes.phrases.size() == 1; });
  EXPECT_EQ(log.count("first-pass results only"), 1U);
}

}  // namespace
}  // namespace bunshin::testing
