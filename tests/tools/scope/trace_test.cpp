// A trace as a loop writes it, read back.

#include <gmock/gmock.h>

#include <filesystem>
#include <map>

#include "reactor/log.h"
#include "tests/tools/scope/scope_case.h"
#include "tools/scope/trace_check.h"
#include "tools/scope/trace_reader.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TraceTest : public ScopeCase {
 protected:
  TraceTest() {
    options.trace = path;
    watch();
  }
  std::vector<json> entries() {
    scope.reset();
    std::vector<json> entries;
    EXPECT_THAT(read_trace(path, [&](const json& entry) { entries.push_back(entry); }), IsEmpty());
    return entries;
  }
  const std::string path = fresh_path("trace");
};
BUNSHIN_EVERY_ENGINE(TraceTest);

TEST_P(TraceTest, IsWellFormedAndHoldsEachEventWhole) {
  Peer one = connect();
  echo(one);
  Viewer viewer = look_on();
  post("/pause");
  post("/go_on");
  bunshin::log(LogLevel::warning, "a line");
  one.close();
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.count("closing") == 1; }));
  TraceCheck check;
  std::map<std::string, int> events;
  for (const json& entry : entries()) {
    check.take(entry);
    if (entry.at("args").contains("event")) ++events[entry["args"]["event"]];
  }
  EXPECT_EQ(check.fault(), "");
  for (const char* name : {"hello", "round_begins", "waited", "round_ends", "opened", "closing",
                           "ready", "begins", "ends", "did", "paused", "resumed", "log"}) {
    EXPECT_GT(events[name], 0) << name;
  }
  EXPECT_EQ(events["sample"], 0);
}

TEST_P(TraceTest, AnArrowLeadsFromReadinessToTheCallbackThatCameOfIt) {
  Peer one = connect();
  echo(one);
  run_rounds(2);
  std::map<std::int64_t, json> begun;
  const auto all = entries();
  for (std::size_t index = 0; index < all.size(); ++index) {
    if (all[index]["ph"] == "s") begun[all[index]["id"]] = all[index];
    if (all[index]["ph"] != "f") continue;
    EXPECT_EQ(all[index]["bp"], "e");
    EXPECT_EQ(all[index - 1]["ph"], "B");  // the slice it ends at
    EXPECT_EQ(all[index - 1]["tid"], all[index]["tid"]);
    ASSERT_EQ(begun.count(all[index]["id"]), 1U);
    EXPECT_EQ(begun[all[index]["id"]]["tid"], 0);
    EXPECT_LE(begun[all[index]["id"]]["ts"].get<double>(), all[index]["ts"].get<double>());
  }
  EXPECT_FALSE(begun.empty());
}

TEST_P(TraceTest, CountsWhatWaits) {
  Peer one = connect();
  echo(one);
  rounds_in(300ms);
  std::size_t counters = 0;
  for (const json& entry : entries()) {
    if (entry["ph"] != "C") continue;
    ++counters;
    EXPECT_FALSE(entry["args"].contains("event"));
  }
  EXPECT_GE(counters, 2U);
}

TEST_P(TraceTest, TellsWhichTrackIsWhose) {
  Peer one = connect();
  echo(one);
  const std::string address = one.local_address().to_string();
  std::vector<std::string> tracks;
  for (const json& entry : entries()) {
    if (entry["name"] == "thread_name") tracks.push_back(entry["args"]["name"]);
  }
  EXPECT_THAT(tracks, ::testing::Contains("the loop"));
  EXPECT_THAT(tracks, ::testing::Contains(
                          ::testing::AllOf(HasSubstr("EchoHandler #"), HasSubstr(address))));
}

TEST_P(TraceTest, BeyondItsLimitTheOldestGoesAndTheRestIsWellFormed) {
  options.trace_limit = 64 * 1024;
  watch();
  Peer one = connect();
  for (int count = 0; count < 300; ++count) echo(one);
  TraceCheck check;
  bool introduced = false;
  std::int64_t first_round = 0;
  for (const json& entry : entries()) {
    check.take(entry);
    if (entry["name"] == "opened" && entry["args"]["class"] == "EchoHandler") introduced = true;
    if (entry["name"] == "round" && first_round == 0) first_round = entry["args"]["round"];
  }
  EXPECT_EQ(check.fault(), "");
  EXPECT_TRUE(introduced);
  EXPECT_GT(first_round, 50);
  EXPECT_LE(std::filesystem::file_size(path), options.trace_limit + 10'000);
}

TEST_P(TraceTest, AFullDiskEndsItAndTheServerGoesOn) {
  options.trace = "/dev/full";
  watch();
  run_until([this] { return log.count("tracing ends: cannot write /dev/full") == 1; });
  rounds_in(100ms);
  Peer one = connect();
  echo(one);
  EXPECT_EQ(log.count("tracing ends"), 1U);
}

}  // namespace
}  // namespace bunshin::testing
