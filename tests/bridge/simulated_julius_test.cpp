#include "bridge/simulated_julius.h"

#include <gmock/gmock.h>

#include "handlers/buffered_dispatcher.h"
#include "tests/bridge/io_fixture.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kListen = "<INPUT STATUS=\"LISTEN\" TIME=\"1\"/>\n.\n";
constexpr std::string_view kStart = "<INPUT STATUS=\"STARTREC\" TIME=\"1\"/>\n.\n";
constexpr std::string_view kFail = "<RECOGFAIL/>\n.\n";
constexpr std::string_view kActive = "<SYSINFO PROCESS=\"ACTIVE\"/>\n.\n";
constexpr std::string_view kSleep = "<SYSINFO PROCESS=\"SLEEP\"/>\n.\n";
constexpr std::string_view kStopped = "<STOPPROC/>\n.\n";

class SimulatedJuliusTest : public SettingCase {
 protected:
  SimulatedJulius& serve(JuliusTranscript transcript,
                         SimulatedJulius::Options options = {0, false}) {
    return reactor.emplace<SimulatedJulius>(Endpoint::parse(any_address(family()).to_string()),
                                            std::move(transcript), options);
  }
  /// A transcript of chunks, each with the millisecond it comes at.
  static JuliusTranscript script(const std::vector<std::pair<int, std::string_view>>& chunks) {
    std::string table;
    std::string bytes;
    for (const auto& [time, chunk] : chunks) {
      table += fmt::format("{}\t<\t{}\n", time, chunk.size());
      bytes += chunk;
    }
    return JuliusTranscript::parse(table, bytes, "script");
  }
  /// Runs the reactor until the peer has so many bytes.
  std::string receive(Peer& peer, std::size_t size) {
    std::string got;
    run_until([&] {
      while (got.size() < size && peer.readable()) {
        const std::string more = peer.receive(1);
        if (more.empty()) return true;
        got += more;
      }
      return got.size() >= size;
    });
    return got;
  }
  std::string receive(Peer& peer, std::string_view like) { return receive(peer, like.size()); }
};
BUNSHIN_EVERY_SETTING(SimulatedJuliusTest);

// Whatever is lacking when it is accepted, the next one is served.
TEST_P(SimulatedJuliusTest, AClientThatCanNotBeServedIsNotTheLast) {
  const auto address = serve(script({{0, kListen}})).local_address();
  bool failed = true;
  for (std::size_t after = 0; failed; ++after) {
    ASSERT_LT(after, 200U);
    Peer unlucky(address);
    failed = rounds_without_memory(after, 4);
    unlucky.close();
    Peer next(address);
    ASSERT_EQ(receive(next, kListen), kListen) << after;
  }
}

TEST_P(SimulatedJuliusTest, SendsEveryByteOfTheRecording) {
  for (const char* name : {"robot-commands", "robot-nbest", "control", "fruit-sjis"}) {
    auto transcript = JuliusTranscript::load(fixture_path(std::string("julius/") + name));
    const std::string bytes(transcript.all_bytes());
    auto& server = serve(std::move(transcript));
    Peer peer(server.local_address());
    EXPECT_EQ(receive(peer, bytes), bytes) << name;
    server.close();
  }
}

// From before the connection was made: whatever delays the test, nothing may come earlier.
TEST_P(SimulatedJuliusTest, KeepsTheRecordedTimeAndTheChunks) {
  auto& server = serve(script({{0, "one "}, {60, "two "}, {120, "three"}}), {1, false});
  const auto began = Clock::now();
  Peer peer(server.local_address());
  EXPECT_EQ(receive(peer, "one "), "one ");
  EXPECT_EQ(receive(peer, "two "), "two ");
  EXPECT_GE(Clock::now() - began, 60ms);
  EXPECT_EQ(receive(peer, "three"), "three");
  EXPECT_GE(Clock::now() - began, 120ms);
}

TEST_P(SimulatedJuliusTest, SpeedDividesTheTime) {
  auto& server = serve(script({{0, "one "}, {60'000, "two"}}), {1000, false});
  const auto began = Clock::now();
  Peer peer(server.local_address());
  EXPECT_EQ(receive(peer, "one two"), "one two");
  EXPECT_GE(Clock::now() - began, 60ms);
}

TEST_P(SimulatedJuliusTest, ServesOneClientAndThenTheNextFromTheBeginning) {
  auto& server = serve(script({{0, kListen}}));
  Peer first(server.local_address());
  EXPECT_EQ(receive(first, kListen), kListen);
  Peer second(server.local_address());
  settle();
  EXPECT_FALSE(second.readable());
  first.close();
  EXPECT_EQ(receive(second, kListen), kListen);
}

TEST_P(SimulatedJuliusTest, AnswersBetweenBlocksOnly) {
  auto& server = serve(script({{0, "<RECOGOUT>\n"}, {80, "</RECOGOUT>\n.\n"}}), {1, false});
  Peer peer(server.local_address());
  receive(peer, "<RECOGOUT>\n");
  peer.send("STATUS\r\n");
  const std::string rest = "</RECOGOUT>\n.\n" + std::string(kActive);
  EXPECT_EQ(receive(peer, rest), rest);
  peer.send("NONSENSE\n");
  settle();
  peer.send("VERSION\n");
  const std::string_view version = "<ENGINEINFO ";
  EXPECT_EQ(receive(peer, version), version);
}

TEST_P(SimulatedJuliusTest, TheSecondCommandOfASegmentWaitsForMore) {
  auto& server = serve(script({{0, kListen}}));
  Peer peer(server.local_address());
  receive(peer, kListen);
  peer.send("STATUS\nSTATUS\n");
  EXPECT_EQ(receive(peer, kActive), kActive);
  rounds_in(30ms);
  EXPECT_FALSE(peer.readable());
  peer.send("PAUSE\n");
  const std::string both = std::string(kActive) + std::string(kStopped);
  EXPECT_EQ(receive(peer, both), both);
}

TEST_P(SimulatedJuliusTest, AnArgumentIsNoCommand) {
  auto& server = serve(script({{0, kListen}}));
  Peer peer(server.local_address());
  receive(peer, kListen);
  peer.send("INPUTONCHANGE\nDIE\n");
  settle();
  peer.send("STATUS\n");
  EXPECT_EQ(receive(peer, kActive), kActive);
}

TEST_P(SimulatedJuliusTest, AnswersFromTheRecordingWhatThatHolds) {
  auto& server = serve(JuliusTranscript::load(fixture_path("julius/control")), {1000, false});
  Peer peer(server.local_address());
  rounds_in(100ms);
  while (peer.readable()) peer.receive(1);
  for (const auto& [command, answer] :
       {std::pair("GRAMINFOx\n", "<GRAMINFO>\n  # 0: [active     ]   14 words"),
        std::pair("LISTPROCESS\n", "<RECOGPROCESS INFO=\"STATUS\">\n<SR ID=\"0\""),
        std::pair("CURRENTPROCESS\n\n", "<RECOGPROCESS INFO=\"CURRENT\">\n<SR ID=\"0\""),
        std::pair("DELGRAM\n7\n", "<GRAMMAR STATUS=\"ERROR\" REASON=\"Gram #7 not found\"/>\n.\n"),
        std::pair("SYNCGRAM\n", "<GRAMMAR STATUS=\"READY\"/>\n.\n")}) {
    peer.send(command);
    EXPECT_EQ(receive(peer, std::string_view(answer)), answer);
    rounds_in(10ms);
    while (peer.readable()) peer.receive(1);
  }
}

TEST_P(SimulatedJuliusTest, PauseStopsTheClockAndResumeLetsItGoOn) {
  auto& server = serve(script({{0, kListen}, {300, kStart}}), {1, false});
  const auto began = Clock::now();
  Peer peer(server.local_address());
  receive(peer, kListen);
  peer.send("PAUSE\n");
  EXPECT_EQ(receive(peer, kStopped), kStopped);
  peer.send("STATUS\n");
  EXPECT_EQ(receive(peer, kSleep), kSleep);
  rounds_in(330ms);
  EXPECT_FALSE(peer.readable()) << "the clock stands still";
  peer.send("RESUME\n");
  const std::string resumed = "<STARTPROC/>\n.\n<INPUT STATUS=\"LISTEN\"";
  EXPECT_EQ(receive(peer, resumed), resumed);
  receive(peer, std::string_view(" TIME=\"1795420488\"/>\n.\n"));
  EXPECT_EQ(receive(peer, kStart), kStart);
  EXPECT_GE(Clock::now() - began, 300ms + 330ms);
}

TEST_P(SimulatedJuliusTest, PauseWaitsForTheUtteranceToEnd) {
  auto& server = serve(script({{0, kStart}, {300, kFail}, {310, kListen}}), {1, false});
  Peer peer(server.local_address());
  receive(peer, kStart);
  peer.send("PAUSE\n");
  settle();
  peer.send("STATUS\n");
  settle();
  peer.send("TERMINATE\n");  // comes too late
  const std::string expected = std::string(kSleep) + std::string(kFail) + std::string(kStopped);
  EXPECT_EQ(receive(peer, expected), expected);
  rounds_in(60ms);
  EXPECT_FALSE(peer.readable()) << "without another LISTEN";
}

TEST_P(SimulatedJuliusTest, SleepOutlivesTheClient) {
  for (const char* command : {"PAUSE\n", "TERMINATE\n"}) {
    auto& server = serve(script({{0, "<STARTPROC/>\n.\n"}, {0, kListen}, {10, kFail}}));
    Peer first(server.local_address());
    receive(first, std::string("<STARTPROC/>\n.\n") + std::string(kListen) + std::string(kFail));
    first.send(command);
    EXPECT_EQ(receive(first, kStopped), kStopped);
    first.close();
    Peer second(server.local_address());
    rounds_in(30ms);
    EXPECT_FALSE(second.readable()) << "it is connected, and hears nothing";
    second.send("RESUME\n");
    const std::string woken = "<STARTPROC/>\n.\n<INPUT STATUS=\"LISTEN\"";
    EXPECT_EQ(receive(second, woken), woken);
    receive(second, std::string_view(" TIME=\"1795420488\"/>\n.\n"));
    EXPECT_EQ(receive(second, kFail), kFail) << "once, not twice";
    server.close();
  }
}

TEST_P(SimulatedJuliusTest, TerminateDropsTheUtterance) {
  auto& server =
      serve(script({{0, kStart}, {300, kFail}, {310, kListen}, {320, kStart}}), {1, false});
  Peer peer(server.local_address());
  receive(peer, kStart);
  peer.send("TERMINATE\n");
  const std::string_view ends = "<INPUT STATUS=\"ENDREC\"";
  EXPECT_EQ(receive(peer, ends), ends);
  receive(peer, std::string_view(" TIME=\"1795420488\"/>\n.\n"));
  const std::string rejected =
      "<REJECTED REASON=\"input terminated by request\"/>\n.\n" + std::string(kStopped);
  EXPECT_EQ(receive(peer, rejected), rejected);
  peer.send("RESUME\n");
  const std::string text = receive(peer, 15 + 45 + kStart.size());
  EXPECT_THAT(text, StartsWith("<STARTPROC/>\n.\n"));
  EXPECT_THAT(text, HasSubstr("<INPUT STATUS=\"STARTREC\""));
  EXPECT_THAT(text, Not(HasSubstr("RECOGFAIL")));
}

TEST_P(SimulatedJuliusTest, AfterDieNobodyIsServed) {
  auto& server = serve(script({{0, kListen}}));
  Peer peer(server.local_address());
  receive(peer, kListen);
  peer.send("DIE\n");
  run_until([&] { return peer.readable(); });
  EXPECT_EQ(peer.receive_all(), "");
  peer.close();
  Peer next(server.local_address());  // the kernel takes it
  rounds_in(30ms);
  EXPECT_FALSE(next.readable());
}

TEST_P(SimulatedJuliusTest, StaysAtTheEnd) {
  auto& server = serve(script({{0, kListen}}));
  Peer peer(server.local_address());
  receive(peer, kListen);
  EXPECT_LT(rounds_in(), kFewRounds);
  peer.send("STATUS\n");
  EXPECT_EQ(receive(peer, kActive), kActive);
}

TEST_P(SimulatedJuliusTest, ALoopBeginsAnewAndDoesNotFillMemory) {
  const auto transcript = JuliusTranscript::load(fixture_path("julius/robot-nbest"));
  const std::string bytes(transcript.all_bytes());
  auto& server = serve(transcript, {0, true});
  Peer peer(server.local_address());
  EXPECT_EQ(receive(peer, 2 * bytes.size()), bytes + bytes);
  std::size_t most = 0;
  rounds_in(300ms);  // the client does not read
  reactor.for_each([&](EventHandler& handler) {
    if (const auto* buffered = dynamic_cast<BufferedDispatcher*>(&handler)) {
      most = std::max(most, buffered->buffered());
    }
  });
  EXPECT_LE(most, Watermarks().high + bytes.size());
}

TEST_P(SimulatedJuliusTest, EndsWhileAClientIsThere) {
  auto& server = serve(script({{0, kListen}, {60'000, kStart}}), {1, false});
  Peer peer(server.local_address());
  receive(peer, kListen);
  reactor.finish(5s);
  run_rounds(3);
  EXPECT_EQ(peer.receive_all(), "");
  peer.close();
  const auto began = Clock::now();
  reactor.run();
  EXPECT_LT(Clock::now() - began, 1s);
}

}  // namespace
}  // namespace bunshin::testing
