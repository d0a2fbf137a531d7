#include "tools/scope/trace_reader.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/files.h"
#include "tools/scope/trace_check.h"
#include "tools/scope/trace_story.h"

namespace bunshin::testing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string fault(std::string_view content, std::size_t* entries = nullptr) {
  std::size_t count = 0;
  const std::string text = read_trace(make_file(content), [&count](const json&) { ++count; });
  if (entries != nullptr) *entries = count;
  return text;
}

constexpr const char* kEntry =
    R"({"ph":"i","name":"n","pid":1,"tid":0,"ts":1,"args":{"x":{"y":[1]}}})";

TEST(TraceReader, ReadsBothFormsHoweverTheyAreLaidOut) {
  std::size_t entries = 0;
  const std::string one = kEntry;
  EXPECT_THAT(fault("[" + one + "," + one + "]", &entries), IsEmpty());
  EXPECT_EQ(entries, 2U);
  EXPECT_THAT(fault("{\"other\":{},\"traceEvents\":[\n" + one + "\n]}", &entries), IsEmpty());
  EXPECT_EQ(entries, 1U);
}

TEST(TraceReader, SaysWhatIsWrongInOneLine) {
  const std::string one = kEntry;
  std::size_t entries = 0;
  EXPECT_THAT(fault(""), EndsWith(" is empty"));
  EXPECT_THAT(fault("[" + one + "," + one, &entries), EndsWith(" is cut short behind 2 entries"));
  EXPECT_EQ(entries, 2U);
  EXPECT_THAT(fault("[" + one + ",\n{\"ph\":\"i\",\"na"),
              EndsWith(" is cut short behind 1 entries"));
  EXPECT_THAT(fault("["), EndsWith(" is cut short before its first entry"));
  EXPECT_THAT(fault("hello"), HasSubstr(" is no trace: byte 1 is no JSON"));
  EXPECT_THAT(fault("[" + one + " x]"), HasSubstr(" is no JSON"));
  EXPECT_THAT(fault("\x7f"
                    "ELF\x02\x01\x01"),
              HasSubstr(" is no JSON"));
  EXPECT_THAT(fault("[1,2,{}]"), EndsWith(" is no trace: there is no entry in it"));
  EXPECT_THAT(fault("7"), EndsWith(" is no trace: there is no entry in it"));
}

TEST(TraceReader, SaysWhenItCanNotRead) {
  const auto none = [](const json&) {};
  EXPECT_EQ(read_trace("/nowhere/trace", none),
            "cannot read /nowhere/trace: No such file or directory");
  EXPECT_EQ(read_trace("/", none), "cannot read /: Is a directory");
}

TEST(TraceReader, WhatClaimsToBeAHugeEntryIsNotReadIntoMemory) {
  EXPECT_THAT(fault("[\"" + std::string(20 << 20, 'x') + "\"]"), HasSubstr("more than 16 MiB"));
  EXPECT_THAT(fault(std::string(100'000, '[')), HasSubstr("is cut short"));
}

std::string check(std::string_view entries) {
  TraceCheck check;
  EXPECT_THAT(read_trace(make_file(entries), [&](const json& entry) { check.take(entry); }),
              IsEmpty());
  return check.fault();
}

TEST(TraceCheck, FindsWhatTheFormatDoesNotAllow) {
  const std::string round =
      R"({"ph":"B","name":"round","pid":1,"tid":0,"ts":1,"args":{"t":1,"round":1,"event":"round_begins"}},)";
  EXPECT_EQ(check(R"([{"ph":"XX","name":"n","pid":1,"tid":0,"ts":1}])"),
            "entry 1: \"ph\" is no single letter");
  EXPECT_EQ(check(R"([{"ph":"i","pid":1,"tid":0,"ts":1}])"), "entry 1: it has no \"name\"");
  EXPECT_EQ(check(R"([{"ph":"i","name":"n","tid":0,"ts":1}])"),
            "entry 1: \"pid\" or \"tid\" is no number");
  EXPECT_EQ(check(R"([{"ph":"i","name":"n","pid":1,"tid":0}])"), "entry 1: \"ts\" is no number");
  EXPECT_EQ(check(R"([{"ph":"X","name":"n","pid":1,"tid":0,"ts":1}])"),
            "entry 1: \"dur\" is no number");
  EXPECT_EQ(check("[" + round + R"({"ph":"E","name":"read","pid":1,"tid":0,"ts":1}])"),
            "entry 2: slice \"read\" ends within \"round\"");
  EXPECT_EQ(check("[" + round + R"({"ph":"E","name":"read","pid":1,"tid":5,"ts":1}])"),
            "entry 2: slice \"read\" ends and has not begun");
  EXPECT_EQ(check(R"([{"ph":"s","id":1,"name":"n","pid":1,"tid":0,"ts":1},)"
                  R"({"ph":"f","id":2,"name":"n","pid":1,"tid":0,"ts":1}])"),
            "entry 2: an arrow ends that has not begun");
  EXPECT_EQ(
      check(
          R"([{"ph":"i","name":"n","pid":1,"tid":0,"ts":1,"args":{"t":1,"round":1,"event":"did","handler":9}}])"),
      "entry 1: handler 9 was not introduced");
  EXPECT_EQ(
      check(
          R"([{"ph":"i","name":"n","pid":1,"tid":0,"ts":1,"args":{"t":1,"round":1,"event":"hello","schema":99}}])"),
      "entry 1: schema 99 is not 1");
  EXPECT_EQ(check("[" + round + kEntry + "]"), "");
}

/// What is told of these events.
std::vector<std::string> story(const std::vector<std::string>& events, StoryFilter filter = {}) {
  std::vector<std::string> lines;
  TraceStory story(std::move(filter), [&](std::string_view line) { lines.emplace_back(line); });
  for (const std::string& event : events) story.take({{"args", json::parse(event)}});
  story.end();
  return lines;
}

const std::vector<std::string> kEvents{
    R"({"t":0,"round":0,"event":"hello","schema":1,"program":"bunshin echo","version":"1","engine":"epoll","pid":7,"time":0})",
    R"({"t":1000,"round":1,"event":"round_begins"})",
    R"({"t":3000,"round":1,"event":"waited","limit":null,"events":1})",
    R"({"t":3000,"round":1,"event":"opened","handler":5,"class":"EchoHandler","fd":9,"kind":"connection","model":"remembered","peer":"127.0.0.1:4","local":null})",
    R"({"t":3000,"round":1,"event":"ready","handler":5,"bits":["readable"]})",
    R"({"t":3000,"round":1,"event":"begins","handler":5,"callback":"read"})",
    R"({"t":3000,"round":1,"event":"did","handler":5,"operation":"receive","asked":100,"bytes":17,"status":"exhausted","error":null})",
    R"({"t":3000,"round":1,"event":"ends","handler":5,"callback":"read","ns":2000000})",
    R"({"t":9000,"round":1,"event":"round_ends"})",
    R"({"t":9500,"round":2,"event":"round_begins"})",
    R"({"t":9500,"round":2,"event":"begins","handler":5,"callback":"read"})",
    R"({"t":9500,"round":2,"event":"did","handler":5,"operation":"receive","asked":100,"bytes":0,"status":"failed","error":{"code":"ECONNRESET","text":"reset"}})",
    R"({"t":9500,"round":2,"event":"ends","handler":5,"callback":"read","ns":500})",
    R"({"t":9900,"round":2,"event":"closing","handler":5})",
    R"({"t":9900,"round":2,"event":"round_ends"})"};

TEST(TraceStory, TellsRoundByRound) {
  EXPECT_THAT(
      story(kEvents),
      ElementsAre(
          "bunshin echo 1 on epoll, process 7, from 1970-01-01 00:00:00 UTC",
          "round 1, at 1.0 us: waited 2.0 us, 1 event",
          "  EchoHandler #5 127.0.0.1:4 is opened: connection, descriptor 9, remembered",
          "  EchoHandler #5 127.0.0.1:4 is told: readable",
          "  EchoHandler #5 127.0.0.1:4 read, 2.00 ms: received 17 of 100 bytes, all there was",
          "round 2, at 9.5 us",
          "  EchoHandler #5 127.0.0.1:4 read, 500 ns: receive failed: ECONNRESET",
          "  EchoHandler #5 127.0.0.1:4 is closed"));
}

TEST(TraceStory, TellsOnlyWhatIsAskedFor) {
  EXPECT_THAT(story(kEvents, {"", std::chrono::milliseconds(1), false}),
              ElementsAre(StartsWith("round 1"), HasSubstr("2.00 ms")));
  EXPECT_THAT(story(kEvents, {"", {}, true}),
              ElementsAre(StartsWith("round 2"), HasSubstr("ECONNRESET")));
  EXPECT_THAT(story(kEvents, {"#6", {}, false}), IsEmpty());
  EXPECT_THAT(story(kEvents, {"ChatHandler", {}, false}), IsEmpty());
  EXPECT_EQ(story(kEvents, {"127.0.0.1:4", {}, false}).size(), 7U);
  EXPECT_EQ(story(kEvents, {"#5", {}, false}).size(), 7U);
}

TEST(TraceStory, WhatStandsInAFileCommandsNoTerminal) {
  EXPECT_THAT(story({R"({"event":"log","level":"info","text":"a\u001b[2Jb"})"}),
              ElementsAre("log, info: a^[[2Jb"));
}

TEST(TraceStory, TakesWhateverStandsThere) {
  for (const char* event :
       {R"({"event":7})", R"({"event":"ends"})", R"({"event":"did","handler":"x","error":3})",
        R"({"event":"opened","class":[],"already":3})", R"({"event":"hello","time":1e300})",
        R"({"event":"hello","time":-9223372036854775808})", R"({"event":"ready","bits":{"a":1}})",
        R"({"event":"waited"})", R"({"event":"begins","handler":-1})",
        R"({"event":"round_ends"})"}) {
    story({event, event});
  }
}

}  // namespace
}  // namespace bunshin::testing
