#include "bridge/wyoming_framer.h"

#include <gmock/gmock.h>

#include <random>

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;

/// Events as text: "type|text|payload"; behind them what went wrong.
std::vector<std::string> taken(WyomingFramer& framer) {
  std::vector<std::string> events;
  while (const auto event = framer.next()) {
    events.push_back(event->type + "|" + event->text.value_or("-") + "|" +
                     std::to_string(event->payload));
  }
  if (!framer.error().empty()) events.push_back("error: " + framer.error());
  return events;
}

std::vector<std::string> events_in(std::string_view bytes) {
  WyomingFramer framer;
  framer.feed(bytes);
  return taken(framer);
}

const std::string kStream =
    "{\"type\": \"describe\", \"data\": {}, \"version\": \"1.8.0\"}\n"
    "{\"type\":\"transcript\",\"data_length\":26}\n{\"text\": \"\\u524d\xe3\x81\xb8\\n\"}   "
    "{\"type\":\"audio-chunk\",\"data\":{\"text\":\"a\"},\"payload_length\":4}\n\n\xff{\""
    "{\"type\":\"recognize\",\"data\":{\"text\":\"a\"},\"data_length\":13,\"payload_length\":1}\n"
    "{\"text\":\"bc\"}x"
    "{\"type\":\"ping\",\"data\":null,\"data_length\":null}\r\n";

const std::vector<std::string> kEvents = {"describe|-|0", "transcript|前へ\n|0", "audio-chunk|a|4",
                                          "recognize|bc|1", "ping|-|0"};

TEST(WyomingFramer, TakesEventsApart) { EXPECT_EQ(events_in(kStream), kEvents); }

TEST(WyomingFramer, CutsMakeNoDifference) {
  for (std::size_t size = 1; size < 20; ++size) {
    WyomingFramer framer;
    std::vector<std::string> events;
    for (std::size_t at = 0; at < kStream.size(); at += size) {
      framer.feed(std::string_view(kStream).substr(at, size));
      for (std::string& event : taken(framer)) events.push_back(std::move(event));
    }
    EXPECT_EQ(events, kEvents) << size;
    EXPECT_EQ(framer.pending(), 0U);
  }
}

TEST(WyomingFramer, WhatCanNotBeRightIsRefused) {
  std::string nested(60'000, '[');
  nested.push_back('\n');
  const std::vector<std::pair<std::string, const char*>> cases = {
      {"hello\n", "no line of JSON: hello"},
      {std::string("\x16\x03\x01\x02\x00\x01\n", 7), "no line of JSON"},
      {"\n", "no line of JSON"},
      {"[]\n", "no line of JSON"},
      {"{\"type\":\"a\"} x\n", "no line of JSON"},
      {"{}\n", "without a type"},
      {"{\"type\":7}\n", "without a type"},
      {"{\"type\":\"a\",\"data\":[]}\n", "data that is no object"},
      {"{\"type\":\"a\",\"data_length\":-1}\n", "data_length"},
      {"{\"type\":\"a\",\"data_length\":1.5}\n", "data_length"},
      {"{\"type\":\"a\",\"data_length\":\"9\"}\n", "data_length"},
      {"{\"type\":\"a\",\"data_length\":1000000000}\n", "data_length"},
      {"{\"type\":\"a\",\"payload_length\":99999999999999999999}\n", "payload_length"},
      {"{\"type\":\"a\",\"payload_length\":1000000000}\n", "payload_length"},
      {"{\"type\":\"a\",\"data_length\":3}\nabc", "further data that is no object"},
      {"{\"type\":\"a\",\"data_length\":2}\n[]", "further data that is no object"},
      {"{\"type\":\"a\",\"data_length\":9}\n{\"text\":1", "further data that is no object"},
      {std::string(100'000, 'x'), "a line of more than 65536 bytes"},
      {std::string(100'000, '['), "a line of more than 65536 bytes"},
      {nested, "no line of JSON"},
  };
  for (const auto& [bytes, complaint] : cases) {
    WyomingFramer framer;
    framer.feed(bytes);
    EXPECT_EQ(framer.next(), std::nullopt) << complaint;
    EXPECT_THAT(framer.error(), HasSubstr(complaint));
    framer.feed(kStream);
    EXPECT_EQ(framer.next(), std::nullopt) << "for good";
    EXPECT_EQ(framer.pending(), 0U);
  }
}

TEST(WyomingFramer, AHeaderOfAGigabyteTakesNoMemory) {
  WyomingFramer framer;
  const std::string chunk(64 * 1024, 'x');
  for (int count = 0; count < 16 * 1024; ++count) {
    framer.feed(chunk);
    (void)framer.next();
    ASSERT_LE(framer.pending(), WyomingFramer::kMostText + chunk.size());
  }
  EXPECT_THAT(framer.error(), HasSubstr("a line of more than"));
}

TEST(WyomingFramer, APayloadIsSkippedAndNotKept) {
  WyomingFramer framer;
  framer.feed("{\"type\":\"audio-chunk\",\"payload_length\":1000000}\n");
  EXPECT_EQ(framer.next(), std::nullopt);
  for (int count = 0; count < 10; ++count) {
    framer.feed(std::string(100'000, '\n'));
    EXPECT_EQ(framer.pending(), 0U);
  }
  EXPECT_EQ(framer.next()->payload, 1'000'000U);
}

TEST(WyomingFramer, WhatIsWrittenCanBeRead) {
  const std::string event = wyoming_event("handled", "赤 \"に\"\n光れ");
  EXPECT_EQ(event.find("}\n{"), event.find('\n') - 1);
  EXPECT_EQ(events_in(event + event), std::vector<std::string>(2, "handled|赤 \"に\"\n光れ|0"));
  EXPECT_EQ(events_in(wyoming_event("handled", "\xff")).size(), 1U) << "not UTF-8";
}

}  // namespace
}  // namespace bunshin::testing
