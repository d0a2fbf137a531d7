#include "bridge/rapiro_protocol.h"

#include <gmock/gmock.h>

#include <random>

namespace bunshin {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = RapiroReply::Kind;
using TimePoint = RapiroReplyParser::TimePoint;

std::string problem(std::string_view command) { return validate_command(command).value_or("fine"); }

TEST(RapiroCommand, AcceptsWhatTheFirmwareKnows) {
  for (const char* command :
       {"#M0", "#M9", "#Q", "#C", "#PT010", "#PT000", "#PT255", "#PS00A000T001", "#PS11A180T001",
        "#PR255G000B255T010", "#PS00A120S01A060R000G255B000T005"}) {
    EXPECT_EQ(problem(command), "fine") << command;
  }
}

TEST(RapiroCommand, RejectsWhatIsCutShort) {
  for (const char* command : {"#", "#M", "#P", "#PS", "#PS0", "#PS00", "#PS00A", "#PS00A09",
                              "#PS00A090", "#PR25", "#PR255", "#PT", "#PT01"}) {
    EXPECT_NE(problem(command), "fine") << command;
  }
  EXPECT_THAT(problem("#M"), HasSubstr("for ever"));
  EXPECT_THAT(problem("#PR255"), HasSubstr("lacks Tnnn"));
}

TEST(RapiroCommand, RejectsWhatIsOutOfRange) {
  for (const char* command : {"#PS12A090T010", "#PS00A181T010", "#PR256T010", "#PT256", "#PT999",
                              "#M10", "#MX", "#PX", "#Z", "#S", "#m1"}) {
    EXPECT_NE(problem(command), "fine") << command;
  }
  EXPECT_THAT(problem("#PS00A181T010"), HasSubstr("\"A181\" should be A and 3 digits, 000 to 180"));
  EXPECT_THAT(problem("#PS12A090T010"), HasSubstr("\"S12\" should be S and 2 digits, 00 to 11"));
}

TEST(RapiroCommand, RejectsWhatIsBesideOneCommand) {
  EXPECT_THAT(problem(""), HasSubstr("empty"));
  EXPECT_THAT(problem("M1"), HasSubstr("'#'"));
  EXPECT_THAT(problem("#M1#M2"), HasSubstr("more than one"));
  EXPECT_THAT(problem("#M1\n"), HasSubstr("line end"));
  EXPECT_THAT(problem("#PR255 T010"), HasSubstr("blank"));
  EXPECT_THAT(problem(std::string_view("#M1\0", 4)), HasSubstr("control"));
  EXPECT_THAT(problem("#M６"), HasSubstr("full-width"));
  EXPECT_THAT(problem("#Q1"), HasSubstr("nothing may follow #Q"));
  EXPECT_THAT(problem("#PT010R255"), HasSubstr("follows the T"));
  std::string long_one = "#P";
  for (int i = 0; i < 100; ++i) long_one += "R255";
  EXPECT_THAT(problem(long_one + "T010"), HasSubstr("256 bytes"));
}

struct Parsed {
  RapiroReplyParser parser;
  TimePoint now{};

  std::vector<std::string> feed(std::string_view bytes) {
    parser.feed(bytes, now);
    return take();
  }
  std::vector<std::string> take() {
    std::vector<std::string> replies;
    while (auto reply = parser.next()) replies.push_back(reply->text);
    return replies;
  }
};

TEST(RapiroReplyParser, KnowsEveryReplyAndNeedsNoTerminator) {
  RapiroReplyParser parser;
  const std::vector<std::pair<const char*, Kind>> all = {
      {"#M3", Kind::motion},       {"#PT010", Kind::pose},     {"#QM6T005", Kind::motion_status},
      {"#C0", Kind::buffer_free},  {"#CF", Kind::buffer_full}, {"#QPT007", Kind::pose_status},
      {"#EM", Kind::motion_error}, {"#EP", Kind::pose_error}};
  for (const auto& [text, kind] : all) {
    parser.feed(text, TimePoint());
    const auto reply = parser.next();
    ASSERT_TRUE(reply) << text;
    EXPECT_EQ(reply->kind, kind);
    EXPECT_EQ(reply->text, text);
    EXPECT_EQ(reply->is_error(), text[1] == 'E');
  }
  EXPECT_EQ(parser.noise(), 0u);
}

TEST(RapiroReplyParser, IsTheSameCutAnywhere) {
  const std::string stream = "#M1#M2#QM2T003#EP#EM#E#C0#PT010#QPT004";
  const auto expected =
      ElementsAre("#M1", "#M2", "#QM2T003", "#EP", "#EM", "#E", "#C0", "#PT010", "#QPT004");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Parsed parsed;
    parsed.parser.feed(std::string_view(stream).substr(0, cut), parsed.now);
    EXPECT_THAT(parsed.feed(std::string_view(stream).substr(cut)), expected) << cut;
  }
}

TEST(RapiroReplyParser, ABareErrorIsKnownByTheNextByteOrBySilence) {
  Parsed parsed;
  EXPECT_THAT(parsed.feed("#E"), IsEmpty());
  EXPECT_EQ(parsed.parser.pending_until(), parsed.now + 30ms);
  parsed.parser.flush(parsed.now + 29ms);
  EXPECT_THAT(parsed.take(), IsEmpty());
  parsed.parser.flush(parsed.now + 30ms);
  EXPECT_THAT(parsed.take(), ElementsAre("#E"));
  EXPECT_EQ(parsed.parser.pending_until(), std::nullopt);
  EXPECT_THAT(parsed.feed("#E#M1"), ElementsAre("#E", "#M1"));
}

TEST(RapiroReplyParser, ABareErrorEndsBeforeWhatComesAfterTheSilence) {
  Parsed parsed;
  parsed.feed("#E");
  parsed.now += 1s;
  EXPECT_THAT(parsed.feed("P"), ElementsAre("#E"));
  EXPECT_EQ(parsed.parser.noise(), 1u);
}

TEST(RapiroReplyParser, BeginsAnewAtEveryHashAndCountsTheRest) {
  Parsed parsed;
  EXPECT_THAT(parsed.feed("junk#PT0#M3x#Q#C0"), ElementsAre("#M3", "#C0"));
  EXPECT_EQ(parsed.parser.noise(), 4u + 4u + 1u + 2u);
}

TEST(RapiroReplyParser, ResetForgetsHalfAReply) {
  Parsed parsed;
  parsed.feed("#PT0");
  parsed.parser.reset();
  EXPECT_THAT(parsed.feed("#M1"), ElementsAre("#M1"));
}

TEST(RapiroReplyParser, SurvivesRandomBytes) {
  std::mt19937 random(3);
  Parsed parsed;
  for (int i = 0; i < 50'000; ++i) {
    const char byte = random() % 2 ? static_cast<char>(random()) : "#MPEQCT0F9"[random() % 10];
    for (const std::string& reply : parsed.feed(std::string_view(&byte, 1))) {
      ASSERT_EQ(reply.front(), '#');
      ASSERT_LE(reply.size(), 8u);
    }
  }
  EXPECT_THAT(parsed.feed("\n#M1"), ::testing::Contains("#M1"));
}

TEST(RapiroReply, AnswersItsOwnCommandOnly) {
  const RapiroReply m3{Kind::motion, "#M3"};
  EXPECT_TRUE(reply_answers("#M3", m3));
  EXPECT_FALSE(reply_answers("#M4", m3));
  const RapiroReply pose{Kind::pose, "#PT010"};
  EXPECT_TRUE(reply_answers("#PR255T010", pose));
  EXPECT_FALSE(reply_answers("#PR255T011", pose));
  EXPECT_TRUE(reply_answers("#C", {Kind::buffer_full, "#CF"}));
  EXPECT_TRUE(reply_answers("#Q", {Kind::pose_status, "#QPT000"}));
  EXPECT_FALSE(reply_answers("#PT010", {Kind::pose_error, "#EP"}));
  EXPECT_FALSE(reply_answers("#Q", pose));
}

TEST(RapiroProtocol, WhatReplacesWhat) {
  EXPECT_TRUE(replaces("#M1", "#M3"));
  EXPECT_FALSE(replaces("#M1", "#PR255G000B000T010"));
  EXPECT_FALSE(replaces("#Q", "#Q"));
  EXPECT_TRUE(replaces("#PR000G000B000T010", "#PB255G000R000T099"));
  EXPECT_TRUE(replaces("#PS00A090R000T010", "#PS00A000T010"));
  EXPECT_FALSE(replaces("#PS00A000T010", "#PS00A090R000T010"));
  EXPECT_FALSE(replaces("#PS01A000T010", "#PS00A000T010"));
  EXPECT_FALSE(replaces("#PT010", "#PR255T010"));
}

}  // namespace
}  // namespace bunshin
