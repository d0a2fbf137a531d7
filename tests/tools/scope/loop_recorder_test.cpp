#include "tools/scope/loop_recorder.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "tests/tools/scope/scope_case.h"

namespace bunshin::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

/// Keeps all events, as JSON.
class Kept final : public EventSink {
 public:
  void event(const LoopEvent& event) override { events.push_back(json::parse(event.json())); }
  std::vector<json> events;
};

class Echo : public TestHandler {
 public:
  using TestHandler::TestHandler;
  void handle_read() override {
    const auto data = reactor().recv(*this);
    if (!data.empty()) reactor().send(*this, data);
  }
};

class LoopRecorderTest : public SettingCase {
 protected:
  LoopRecorderTest() { recorder.add(kept); }
  /// The names of the events, with the callback or the operation; without what depends on the
  /// engine.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const json& event : kept.events) {
      std::string name = event.at("event");
      if (name == "waited" || name == "parked") continue;
      if (event.contains("callback")) name += " " + event.at("callback").get<std::string>();
      if (event.contains("operation")) {
        if (event.at("bytes") == 0) continue;
        name += " " + event.at("operation").get<std::string>();
      }
      names.push_back(name);
    }
    return names;
  }
  json first(std::string_view name) const {
    for (const json& event : kept.events) {
      if (event.at("event") == name) return event;
    }
    return {};
  }
  Kept kept;
  LoopRecorder recorder{reactor};
};
BUNSHIN_EVERY_SETTING(LoopRecorderTest);

TEST_P(LoopRecorderTest, TellsWhatHappensInItsOrder) {
  recorder.want_details(true);
  auto [handler, peer] = connected<Echo>();
  peer.send("x");
  EXPECT_EQ(receive(peer, 1), "x");
  handler.close();
  run_rounds(1);
  EXPECT_THAT(names(),
              IsSupersetOf({"opened", "round_begins", "ready", "begins read", "did receive",
                            "did send", "ends read", "round_ends", "closing"}));
  EXPECT_EQ(names()[0], "round_begins");
  EXPECT_EQ(names()[1], "opened");
  const json opened = first("opened");
  EXPECT_EQ(opened.at("kind"), "connection");
  EXPECT_EQ(opened.at("model"), "remembered");
  EXPECT_EQ(opened.at("background"), false);
  EXPECT_THAT(opened.at("class").get<std::string>(), HasSubstr("Echo"));
  const json did = first("did");
  EXPECT_EQ(did.at("handler"), opened.at("handler"));
  EXPECT_EQ(did.at("error"), nullptr);
  EXPECT_GE(first("ends").at("ns"), 0);
  EXPECT_EQ(first("begins").at("round"), first("round_begins").at("round"));
}

TEST_P(LoopRecorderTest, TellsOnlyWhoIsThereWhenNobodyWantsMore) {
  auto [handler, peer] = connected<Echo>();
  peer.send("x");
  EXPECT_EQ(receive(peer, 1), "x");
  handler.close();
  EXPECT_THAT(names(), ElementsAre("opened", "closing"));
}

TEST_P(LoopRecorderTest, ARoundInWhichNothingHappensIsNotTold) {
  recorder.want_details(true);
  auto [handler, peer] = connected<Echo>();
  settle();
  kept.events.clear();
  run_rounds(20);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_P(LoopRecorderTest, TheBackgroundIsToldOnlyToThoseWhoWantIt) {
  recorder.want_details(true);
  auto& hidden = reactor.emplace<Echo>();
  hidden.unref();
  Connection connection = make_connection(family());
  reactor.add(hidden, std::move(connection.ours), kind());
  connection.peer.send("x");
  EXPECT_EQ(receive(connection.peer, 1), "x");
  EXPECT_THAT(names(), IsEmpty());
  recorder.want_background(true);
  connection.peer.send("y");
  EXPECT_EQ(receive(connection.peer, 1), "y");
  EXPECT_THAT(names(), Contains("begins read"));
}

TEST_P(LoopRecorderTest, ACallbackThatThrowsEndsBeforeItsErrorIsHandled) {
  recorder.want_details(true);
  auto [handler, peer] = connected();
  handler.on_read = [] { throw std::runtime_error("its own fault"); };
  handler.on_error = [] {};
  handler.expect_close();
  peer.send("x");
  run_until([&its = handler] { return its.closes == 1; });
  EXPECT_EQ(first("ends").value("threw", false), true);
  std::vector<std::string> callbacks;
  for (const std::string& name : names()) {
    if (name.starts_with("begins") || name.starts_with("ends")) callbacks.push_back(name);
  }
  EXPECT_THAT(callbacks, ElementsAre("begins read", "ends read", "begins error", "ends error",
                                     "begins close", "ends close"));
}

TEST_P(LoopRecorderTest, OneWithoutADescriptorIsNamedByItsClass) {
  recorder.want_details(true);
  auto& handler = reactor.emplace<TestHandler>();
  reactor.call_for(handler, [] {});
  EXPECT_EQ(first("begins").at("handler"), 0);
  EXPECT_EQ(first("begins").at("class"), "testing::TestHandler");
}

TEST_P(LoopRecorderTest, KnowsThoseThatWereThereBefore) {
  auto [handler, peer] = connected<Echo>();
  LoopRecorder later(reactor);
  Kept told;
  later.tell_handlers(told);
  ASSERT_EQ(told.events.size(), 1U);
  EXPECT_EQ(told.events[0].at("already"), true);
  EXPECT_EQ(told.events[0].at("fd"), handler.descriptor());
}

TEST_P(LoopRecorderTest, ANumberIsNeverUsedAgain) {
  auto [handler, peer] = connected<Echo>();
  run_rounds(1);
  handler.disconnect();
  Connection again = make_connection(family());
  reactor.add(handler, std::move(again.ours), kind());
  run_rounds(1);
  EXPECT_THAT(names(), ElementsAre("opened", "closing", "opened"));
  EXPECT_NE(kept.events[0].at("handler"), kept.events[2].at("handler"));
}

TEST(LoopEvent, WhatComesFromOutsideIsEscaped) {
  EXPECT_EQ(json_string("a\"b\n<script>\xff"), "\"a\\\"b\\n<script>\xEF\xBF\xBD\"");
  EXPECT_EQ(json_string_or_null(""), "null");
}

}  // namespace
}  // namespace bunshin::testing
