#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>

#include "tests/support/files.h"
#include "tests/support/peer.h"
#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

const std::string kRecording = fixture_path("julius/control");

std::vector<std::string> sim(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "sim");
  return bunshin(std::move(arguments));
}

std::string failure(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "sim");
  const auto [status, errors] = failure_of(std::move(arguments));
  EXPECT_EQ(status, 2);
  return errors;
}

Peer client_of(Program& julius) {
  return Peer(*Endpoint::parse(julius.output_after("listening on ")).numeric());
}

TEST(SimCommand, JuliusPlaysARecordingNamedInAnyOfThreeWays) {
  for (const char* suffix : {"", ".tsv", ".bin"}) {
    Program julius(sim({"julius", kRecording + suffix, "127.0.0.1:0", "--speed", "0"}));
    Peer peer = client_of(julius);
    EXPECT_THAT(peer.receive(200), StartsWith("<STARTPROC/>\n.\n<INPUT STATUS=\"LISTEN\""));
    julius.signal(SIGTERM);
    EXPECT_THAT(peer.receive_all(), HasSubstr("緑"));
    peer.close();
    EXPECT_EQ(julius.wait(), 0);
  }
}

TEST(SimCommand, JuliusAnswersLiveCommands) {
  Program julius(sim({"julius", kRecording, "127.0.0.1:0"}));  // 1.4 s of silence at its beginning
  Peer peer = client_of(julius);
  peer.send("STATUS\n");
  const std::string active = "<SYSINFO PROCESS=\"ACTIVE\"/>\n.\n";
  EXPECT_EQ(peer.receive(active.size()), active);
  peer.send("DIE\n");
  EXPECT_EQ(peer.receive_all(), "");
}

TEST(SimCommand, WhatIsNoTranscriptIsNamed) {
  const std::string table = fresh_path("talk");
  const std::string here = make_file("1\t<\tmany\n");
  std::filesystem::copy(here, table + ".tsv");
  std::filesystem::copy(here, table + ".bin");
  EXPECT_THAT(failure({"julius", table}), HasSubstr(".tsv:1: not a transcript"));
  EXPECT_THAT(failure({"julius", "/nonexistent"}), HasSubstr("/nonexistent.tsv: "));
}

TEST(SimCommand, WrongArgumentsExitWithTwo) {
  failure({});
  failure({"julius"});
  failure({"parrot"});
  for (const char* speed : {"-1", "nan", "inf", "1e-9", "1e9", "fast"}) {
    failure({"julius", kRecording, "127.0.0.1:0", "--speed", speed});
  }
  failure({"julius", kRecording, "nowhere"});
}

TEST(SimCommand, LinesShowsWhatItCarriesOut) {
  Program robot(sim({"lines", "--profile", "grbl", "--greeting", "Grbl 1.1h"}));
  const std::string path = robot.output_after("listening on ");
  const UniqueFd line(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  write_all(line.get(), "G0 X1\n!");
  EXPECT_TRUE(robot.wait_for_output("G0 X1\n!\n"));
  EXPECT_EQ(read_exactly(line.get(), 15), "Grbl 1.1h\r\nok\r\n");
}

TEST(SimCommand, LinesTakesTheProfileOfAConfiguration) {
  const std::string config = make_file("[robot]\nprotocol = \"lines\"\nprofile = \"marlin\"\n");
  Program robot(sim({"lines", "--profile", config}));
  const std::string path = robot.output_after("listening on ");
  const UniqueFd line(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  write_all(line.get(), "N1 G28*18\n");
  EXPECT_TRUE(robot.wait_for_output("G28\n"));
  EXPECT_THAT(failure({"lines", "--profile", make_file("")}), HasSubstr("has no protocol"));
  EXPECT_THAT(failure({"lines", "--profile", "reprap"}), HasSubstr("reprap: No such file"));
}

TEST(SimCommand, RapiroMakesALinkAndRemovesIt) {
  const std::string link = fresh_path("robot");
  Program robot(sim({"rapiro", "--link", link}));
  EXPECT_EQ(robot.output_after("listening on "), link);
  {
    const UniqueFd line(::open(link.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    write_all(line.get(), "#M5");
    EXPECT_EQ(read_exactly(line.get(), 3), "#M5");
  }
  EXPECT_TRUE(robot.wait_for_output("waves both hands"));
  robot.signal(SIGINT);
  EXPECT_EQ(robot.wait(), 0);
  EXPECT_FALSE(std::filesystem::is_symlink(link));
}

TEST(SimCommand, RapiroShowsWhatChangesNotWhatIsAsked) {
  Program robot(sim({"rapiro"}));
  const UniqueFd line(
      ::open(robot.output_after("listening on ").c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  const auto ask = [&](std::string_view command, std::string_view answer) {
    write_all(line.get(), command);
    EXPECT_EQ(read_exactly(line.get(), answer.size()), answer);
  };
  ask("#PR255G255B000T001", "#PT001");
  EXPECT_TRUE(robot.wait_for_output("eyes yellow, holds its pose\n")) << "the commanded colour";
  ask("#C", "#C0");
  ask("#C", "#C0");
  ask("#M5", "#M5");
  EXPECT_TRUE(robot.wait_for_output("waves both hands\n"));
  robot.signal(SIGTERM);
  EXPECT_EQ(robot.wait(), 0);
  EXPECT_THAT(robot.output(), ::testing::Not(HasSubstr("#C")));
  const std::string pose = "eyes yellow, holds its pose";
  EXPECT_EQ(robot.output().find(pose), robot.output().rfind(pose)) << "once";
}

}  // namespace
}  // namespace bunshin::testing
