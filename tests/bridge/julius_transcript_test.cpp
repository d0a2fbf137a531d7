#include "bridge/julius_transcript.h"

#include <gmock/gmock.h>

#include <random>

#include "bridge/julius_message.h"
#include "tests/bridge/fixtures.h"

namespace bunshin {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using testing::fixture_path;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Direction = JuliusTranscript::Direction;

TEST(JuliusTranscript, LoadsByAnyOfItsNames) {
  for (const char* suffix : {"", ".tsv", ".bin"}) {
    const auto transcript = JuliusTranscript::load(fixture_path("julius/control") + suffix);
    EXPECT_THAT(transcript.rows(), SizeIs(200)) << suffix;
  }
}

TEST(JuliusTranscript, TheRowsGiveAllBytesInOrder) {
  for (const char* name : {"control", "fruit-sjis", "robot-commands", "robot-nbest"}) {
    const auto transcript = JuliusTranscript::load(fixture_path("julius/") + name);
    std::string bytes;
    auto last = 0us;
    for (const auto& row : transcript.rows()) {
      EXPECT_GE(row.at, last);
      last = row.at;
      bytes += transcript.bytes(row);
    }
    EXPECT_EQ(bytes, testing::read_fixture(fmt::format("julius/{}.bin", name)));
  }
}

TEST(JuliusTranscript, TellsWhatTheClientSaid) {
  const auto transcript = JuliusTranscript::load(fixture_path("julius/control"));
  const auto& rows = transcript.rows();
  EXPECT_EQ(rows[0].at, 1462700us);
  EXPECT_EQ(rows[0].size, 60u);
  EXPECT_EQ(rows[3].direction, Direction::from_client);
  EXPECT_EQ(rows[3].command, "VERSION\n");
  EXPECT_EQ(transcript.bytes(rows[3]), "");
}

TEST(JuliusTranscript, UnescapesCommands) {
  testing::TempFolder folder;
  folder.write("t.bin", "");
  folder.write("t.tsv", "0\t>\ta\\\\\\t\\r\\n\\xffb\n");
  EXPECT_EQ(JuliusTranscript::load(folder.path("t")).rows()[0].command,
            "a\\\t\r\n\xff"
            "b");
}

std::string problem(std::string_view tsv, std::string_view bin = "abc") {
  testing::TempFolder folder;
  folder.write("t.bin", bin);
  folder.write("t.tsv", tsv);
  try {
    JuliusTranscript::load(folder.path("t.tsv"));
    return "fine";
  } catch (const TranscriptError& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    return text.substr(text.find("t.tsv"));
  }
}

TEST(JuliusTranscript, SaysInOneLineWhatIsWrong) {
  EXPECT_EQ(problem("1\t<\t1\n2.5\t<\t2\n"), "fine");
  EXPECT_EQ(problem("1\t<\t3"), "fine") << "the last line may lack its end";
  EXPECT_THAT(problem(""), EndsWith("it is empty"));
  EXPECT_THAT(problem("hello"), HasSubstr("t.tsv:1: not a transcript: expected"));
  EXPECT_THAT(problem("1\t<\t1\nx\t<\t2\n"), HasSubstr("t.tsv:2: not a transcript: \"x\" is not"));
  EXPECT_THAT(problem("1\t<\t0\n"), HasSubstr("not a number of bytes"));
  EXPECT_THAT(problem("1\t<\t-3\n"), HasSubstr("not a number of bytes"));
  EXPECT_THAT(problem("1\t<\t99999999999999999999999\n"), HasSubstr("not a number of bytes"));
  EXPECT_THAT(problem("1\t?\t3\n"), HasSubstr("neither < nor >"));
  EXPECT_THAT(problem("1\t>\t\\q\n"), HasSubstr("escape"));
  EXPECT_THAT(problem("1\t>\t\\x4\n"), HasSubstr("escape"));
  EXPECT_THAT(problem("2\t<\t1\n1\t<\t2\n"), HasSubstr("time runs backwards"));
  for (const char* time : {"", "-1", "nan", "inf", "1e300"}) {
    EXPECT_THAT(problem(fmt::format("{}\t<\t3\n", time)), HasSubstr("not a time")) << time;
  }
}

TEST(JuliusTranscript, TheCountsMustAddUp) {
  EXPECT_THAT(problem("1\t<\t4\n"), HasSubstr("t.tsv:1: not a transcript: the .bin file ends"));
  EXPECT_THAT(problem("1\t<\t2\n"), HasSubstr("it tells of 2 bytes, the .bin file has 3"));
}

TEST(JuliusTranscript, NamesTheFileThatIsMissing) {
  testing::TempFolder folder;
  const auto message = [&](const char* name) {
    try {
      JuliusTranscript::load(folder.path(name));
    } catch (const TranscriptError& error) {
      return std::string(error.what());
    }
    return std::string("fine");
  };
  EXPECT_EQ(message("t.bin"), folder.path("t.tsv") + ": No such file or directory");
  folder.write("t.tsv", "1\t<\t1\n");
  EXPECT_EQ(message("t"), folder.path("t.bin") + ": No such file or directory");
}

TEST(JuliusTranscript, RandomFilesAreErrors) {
  std::mt19937 random(17);
  for (int round = 0; round < 200; ++round) {
    std::string noise;
    for (int i = 0; i < 60; ++i) noise.push_back("0123\t\t<>\n\\x\0\xff."[random() % 14]);
    problem(noise);
  }
}

// The recording took a quarter of a second; the speech, 24 seconds.
TEST(JuliusTranscript, AsSpokenEveryUtteranceIsAsLongAsItWas) {
  const auto recorded = JuliusTranscript::load(testing::fixture_path("julius/robot-commands"));
  const auto spoken = recorded.as_spoken();
  EXPECT_EQ(spoken.all_bytes(), recorded.all_bytes());
  EXPECT_EQ(spoken.rows().size(), testing::blocks_of(recorded.all_bytes()).size());
  std::chrono::microseconds started{0};
  std::chrono::microseconds total{0};
  for (const auto& row : spoken.rows()) {
    const auto block = spoken.bytes(row);
    EXPECT_TRUE(block.ends_with("\n.\n"));
    if (block.find("STARTREC") != block.npos) started = row.at;
    const auto length = parse_julius_block(block.substr(0, block.size() - 2)).message.input_msec();
    if (!length) continue;
    EXPECT_EQ(row.at - started, std::chrono::milliseconds(*length));
    total += row.at - started;
  }
  EXPECT_EQ(spoken.rows().back().at, total);
  EXPECT_GT(total, std::chrono::seconds(20));
}

TEST(JuliusTranscript, AsSpokenKeepsWhatIsCutShort) {
  const auto transcript = JuliusTranscript::parse("0\t<\t9\n", "<A/>\n.\n<B", "cut");
  const auto spoken = transcript.as_spoken();
  ASSERT_EQ(spoken.rows().size(), 2U);
  EXPECT_EQ(spoken.bytes(spoken.rows()[1]), "<B");
}

}  // namespace
}  // namespace bunshin
