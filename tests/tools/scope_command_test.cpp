// --scope and --trace of the commands, and `bunshin trace`.

#include <signal.h>

#include <filesystem>

#include "tests/support/files.h"
#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

/// What the scope of a program answers.
std::string get(Program& program, std::string_view target) {
  std::string url = program.output_after("the loop is shown at http://");
  url.pop_back();  // its "/"
  Peer peer(Endpoint::parse(url).numeric().value());
  peer.send(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target));
  return peer.receive_all();
}

TEST(ScopeCommand, TheServersShowTheirLoops) {
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"echo", "127.0.0.1:0"},
           {"chat", "127.0.0.1:0"},
           {"sim", "rapiro"},
           {"sim", "julius", fixture_path("julius/robot-commands.tsv"), "127.0.0.1:0"},
           {"bridge", "--julius", "127.0.0.1:1", "--serial", "/nowhere"}}) {
    std::vector<std::string> words = command;
    words.insert(words.end(), {"--scope", "127.0.0.1:0"});
    Program program(bunshin(words));
    EXPECT_THAT(get(program, "/"), HasSubstr("<!doctype html>"));
    EXPECT_THAT(get(program, "/state"), HasSubstr("\"program\":\"bunshin " + command[0]));
    program.signal(SIGTERM);
    EXPECT_EQ(program.wait(), 0) << command[0];
  }
}

TEST(ScopeCommand, TheDemoBeginsWhenThePageIsOpened) {
  Program demo(bunshin({"demo", "--speed", "50", "--scope", "127.0.0.1:0"}));
  ASSERT_TRUE(demo.wait_for_output("The demo begins when the page is opened."));
  std::string url = demo.output_after("the loop is shown at http://");
  url.pop_back();
  Peer viewer(Endpoint::parse(url).numeric().value());
  viewer.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(demo.wait_for_output("10 utterances"));
  EXPECT_EQ(demo.wait(), 0);
}

TEST(ScopeCommand, SaysWhatItCanNotDo) {
  EXPECT_THAT(failure_of({"echo", "--threads", "2", "--scope"}),
              Pair(2, HasSubstr("leave --threads out")));
  EXPECT_THAT(failure_of({"echo", "--scope", "nonsense:x"}), Pair(2, HasSubstr("nonsense")));
  EXPECT_THAT(failure_of({"chat", "--trace", "/nowhere/trace"}),
              Pair(1, HasSubstr("cannot write the trace /nowhere/trace: No such file")));
  EXPECT_THAT(failure_of({"chat", "--trace", "x", "--trace-limit", "1KiB"}),
              Pair(2, HasSubstr("--trace-limit")));
  const Listener taken(Family::ipv4);
  EXPECT_THAT(failure_of({"echo", "127.0.0.1:0", "--scope", taken.address.to_string()}),
              Pair(1, HasSubstr("cannot listen on " + taken.address.to_string())));
}

class TraceCommand : public ::testing::Test {
 protected:
  /// The trace of an echo server that had one client.
  std::string traced(std::vector<std::string> more = {}) {
    std::string path = fresh_path("trace");
    std::vector<std::string> words{"echo", "--trace", path};
    words.insert(words.end(), more.begin(), more.end());
    Server server(words);
    {
      Peer client = server.connect();
      client.send("hello");
      EXPECT_EQ(client.receive(5), "hello");
      server.signal(SIGTERM);
      EXPECT_EQ(client.receive_all(), "");
    }
    EXPECT_EQ(server.wait(), 0);
    EXPECT_EQ(server.errors(), "");
    return path;
  }
  static std::string told(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "trace");
    Program program(bunshin(arguments));
    EXPECT_EQ(program.wait(), 0) << program.errors();
    return program.output();
  }
};

TEST_F(TraceCommand, TellsWhatWasWritten) {
  const std::string path = traced();
  EXPECT_THAT(told({path}), AllOf(StartsWith("bunshin echo "), HasSubstr("EchoHandler #"),
                                  HasSubstr("received 5 of"), HasSubstr("sent 5 of 5 bytes")));
  EXPECT_THAT(told({path, "--handler", "EchoServer"}),
              AllOf(HasSubstr("accepted a connection"), ::testing::Not(HasSubstr("received"))));
  EXPECT_EQ(told({path, "--slower-than", "100s"}), "");
  EXPECT_EQ(told({path, "--errors"}), "");
  EXPECT_THAT(told({path, "--check"}), HasSubstr("is well-formed: "));
}

TEST_F(TraceCommand, AFaultIsOneLineAndOne) {
  EXPECT_THAT(failure_of({"trace", "/nowhere/x"}),
              Pair(1, HasSubstr("cannot read /nowhere/x: No such file or directory")));
  EXPECT_THAT(failure_of({"trace", make_file("")}), Pair(1, HasSubstr("is empty")));
  EXPECT_THAT(failure_of({"trace", make_file("what")}), Pair(1, HasSubstr("is no JSON")));
  EXPECT_THAT(failure_of({"trace", make_file(R"([{"ph":"i"}])")}),
              Pair(1, HasSubstr("none of its events")));
  EXPECT_THAT(failure_of({"trace", make_file(R"([{"ph":"i"}])"), "--check"}),
              Pair(1, HasSubstr("is not well-formed: entry 1: it has no \"name\"")));
  EXPECT_THAT(failure_of({"trace", "x", "--slower-than", "1"}),
              Pair(2, HasSubstr("--slower-than")));
  EXPECT_THAT(failure_of({"trace", "x", "--check", "--errors"}), Pair(2, HasSubstr("filters")));
}

TEST_F(TraceCommand, ACutFileIsToldAsFarAsItGoes) {
  const std::string path = traced();
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 5);
  Program program(bunshin({"trace", path}));
  EXPECT_EQ(program.wait(), 1);
  EXPECT_THAT(program.output(), HasSubstr("received 5 of"));
  EXPECT_THAT(program.errors(), HasSubstr("is cut short behind"));
}

TEST_F(TraceCommand, AFullDiskLeavesTheServerServing) {
  Server server({"echo", "--trace", "/dev/full"});
  ASSERT_TRUE(server.wait_for_errors("tracing ends: cannot write /dev/full: No space left"));
  Peer client = server.connect();
  client.send("hello");
  EXPECT_EQ(client.receive(5), "hello");
  client.close();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

}  // namespace
}  // namespace bunshin::testing
