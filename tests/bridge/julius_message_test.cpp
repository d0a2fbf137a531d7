#include "bridge/julius_message.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/bridge/fixtures.h"

namespace bunshin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

JuliusMessage parsed(std::string_view block) {
  const JuliusParse result = parse_julius_block(block);
  EXPECT_EQ(result.error, "") << block;
  return result.message;
}

std::string error_of(std::string_view block) { return parse_julius_block(block).error; }

constexpr std::string_view kFinal =
    "<RECOGOUT ID=\"SR01\" NAME=\"second\">\n"
    "  <SHYPO RANK=\"1\" SCORE=\"-5169.5\" GRAM=\"0\">\n"
    "    <WHYPO WORD=\"&lt;s&gt;\" CLASSID=\"7\" PHONE=\"silB\" CM=\"1.000\"/>\n"
    "    <WHYPO WORD=\"リンゴ\" CLASSID=\"0\" PHONE=\"r i N g o\" CM=\"0.998\"/>\n"
    "    <WHYPO WORD=\"3\"/>\n"
    "  </SHYPO>\n"
    "  <SHYPO RANK=\"2\" SCORE=\"-6000\"><WHYPO WORD=\"x\"/></SHYPO>\n"
    "</RECOGOUT>\n";

TEST(JuliusMessage, ReadsAFinalResult) {
  const JuliusMessage message = parsed(kFinal);
  EXPECT_EQ(message.kind, JuliusKind::recogout);
  EXPECT_EQ(message.attribute("NAME"), "second");
  ASSERT_THAT(message.hypotheses, SizeIs(2));
  const JuliusHypothesis* final_one = message.final_hypothesis();
  ASSERT_EQ(final_one, &message.hypotheses[0]);
  EXPECT_EQ(final_one->rank, 1);
  EXPECT_EQ(final_one->score, -5169.5);
  ASSERT_THAT(final_one->words, SizeIs(3));
  EXPECT_EQ(final_one->words[0].word, "<s>");
  EXPECT_EQ(final_one->words[1].word, "リンゴ");
  EXPECT_EQ(final_one->words[1].class_id, "0");
  EXPECT_EQ(final_one->words[1].phone, "r i N g o");
  EXPECT_EQ(final_one->words[1].confidence, 0.998);
  EXPECT_EQ(final_one->words[2].confidence, std::nullopt);
  EXPECT_EQ(message.hypotheses[1].rank, 2);
}

TEST(JuliusMessage, AGuessIsNeverFinal) {
  for (const char* block :
       {"<RECOGOUT><PHYPO PASS=\"1\" SCORE=\"0\"><WHYPO WORD=\"a\"/></PHYPO></RECOGOUT>",
        "<RECOGOUT><PHYPO RANK=\"1\"><WHYPO WORD=\"a\"/></PHYPO></RECOGOUT>",
        "<RECOGOUT><SHYPO PASS=\"1\"><WHYPO WORD=\"a\"/></SHYPO></RECOGOUT>",
        "<RECOGOUT><SHYPO PASS=\"1\" RANK=\"1\"/></RECOGOUT>",
        "<RECOGOUT><SHYPO RANK=\"2\"/></RECOGOUT>", "<RECOGOUT><SHYPO RANK=\"1x\"/></RECOGOUT>",
        "<RECOGOUT><SHYPO RANK=\"\"/></RECOGOUT>", "<RECOGOUT><SHYPO/></RECOGOUT>",
        "<GRAPHOUT><SHYPO RANK=\"1\"/></GRAPHOUT>", "<RECOGOUT/>"}) {
    EXPECT_EQ(parsed(block).final_hypothesis(), nullptr) << block;
  }
}

TEST(JuliusMessage, TakesUnescapedBoundariesOfOldEngines) {
  const JuliusMessage message = parsed(
      "<RECOGOUT><SHYPO RANK=\"1\"><WHYPO WORD=\"<s>\" PHONE=\"silB\"/><WHYPO "
      "WORD=\"</s>\"/></SHYPO>"
      "</RECOGOUT>");
  ASSERT_NE(message.final_hypothesis(), nullptr);
  ASSERT_THAT(message.final_hypothesis()->words, SizeIs(2));
  EXPECT_EQ(message.final_hypothesis()->words[0].word, "<s>");
  EXPECT_EQ(message.final_hypothesis()->words[1].word, "</s>");
}

TEST(JuliusMessage, KnowsEveryMessageOfTheEngine) {
  const std::vector<std::pair<const char*, JuliusKind>> all = {
      {"<STARTPROC/>\n", JuliusKind::startproc},
      {"<STOPPROC/>\n", JuliusKind::stopproc},
      {"<STARTRECOG/>\n", JuliusKind::startrecog},
      {"<ENDRECOG/>\n", JuliusKind::endrecog},
      {"<INPUT STATUS=\"LISTEN\" TIME=\"1\"/>\n", JuliusKind::input},
      {"<INPUTPARAM FRAMES=\"197\" MSEC=\"1970\"/>\n", JuliusKind::inputparam},
      {"<RECOGFAIL ID=\"SR00\"/>\n", JuliusKind::recogfail},
      {"<REJECTED REASON=\"too short input\"/>\n", JuliusKind::rejected},
      {"<SYSINFO PROCESS=\"SLEEP\"/>\n", JuliusKind::sysinfo},
      {"<ENGINEINFO TYPE=\"JuliusLib\" VERSION=\"4.6\" CONF=\"fast\"/>\n", JuliusKind::engineinfo},
      {"<GRAMMAR STATUS=\"ERROR\" REASON=\"Gram #7 not found\"/>\n", JuliusKind::grammar},
      {"<GMM RESULT=\"adult\" CMSCORE=\"0.9\"/>\n", JuliusKind::gmm},
      {"<GRAPHOUT>\n<NODE/><ARC/></GRAPHOUT>\n", JuliusKind::graphout},
      {"<RECOGPROCESS INFO=\"STATUS\">\n<SR ID=\"0\"/>\n</RECOGPROCESS>\n",
       JuliusKind::recogprocess},
      {"<WARN MESSAGE=\"input overflow\"/>\n", JuliusKind::warn},
      {"<SOMETHINGNEW A=\"1\"/>\n", JuliusKind::unknown},
  };
  for (const auto& [block, kind] : all) EXPECT_EQ(parsed(block).kind, kind) << block;
  EXPECT_EQ(parsed("<REJECTED REASON=\"by power\"/>").attribute("REASON"), "by power");
  EXPECT_EQ(parsed("<SOMETHINGNEW A=\"1\"/>").tag, "SOMETHINGNEW");
  EXPECT_EQ(parsed("<INPUT/>").attribute("STATUS"), "");
}

TEST(JuliusMessage, TellsHowLongAnUtteranceWas) {
  EXPECT_EQ(parsed("<INPUTPARAM FRAMES=\"197\" MSEC=\"1970\"/>").input_msec(), 1970);
  EXPECT_EQ(parsed("<INPUTPARAM MSEC=\"-1\"/>").input_msec(), std::nullopt);
  EXPECT_EQ(parsed("<INPUTPARAM MSEC=\"99999999999999999999\"/>").input_msec(), std::nullopt);
  EXPECT_EQ(parsed("<INPUTPARAM/>").input_msec(), std::nullopt);
  EXPECT_EQ(parsed("<INPUT MSEC=\"5\"/>").input_msec(), std::nullopt);
}

TEST(JuliusMessage, PlainTextAndNothingAreMessagesToo) {
  EXPECT_EQ(parsed("").kind, JuliusKind::empty);
  EXPECT_EQ(parsed("\r\n \n").kind, JuliusKind::empty);
  EXPECT_EQ(parsed("words added\n").kind, JuliusKind::plain_text);
  EXPECT_EQ(parsed("words added\n").text, "words added");
}

TEST(JuliusMessage, GraminfoIsNotParsedForItIsPlainText) {
  const JuliusMessage message =
      parsed("<GRAMINFO>\n  # 0: 14 words, <fruit & \"robot\"\n</GRAMINFO>\n");
  EXPECT_EQ(message.kind, JuliusKind::graminfo);
  EXPECT_EQ(message.text, "\n  # 0: 14 words, <fruit & \"robot\"\n");
}

TEST(JuliusMessage, WhatDoesNotParseIsAnErrorOfOneLine) {
  for (const char* block : {"<RECOGOUT>\n", "<A", "<", "<<>>", "</A>", "<A/><B/>", "<A></B>",
                            "<A B=\"1/>", "<!-- -->", "<?xml?>"}) {
    EXPECT_NE(error_of(block), "") << block;
    EXPECT_EQ(error_of(block).find('\n'), std::string::npos);
  }
  EXPECT_THAT(error_of("<STARTPROC/>\n<RECOGOUT/>\n"), HasSubstr("\".\" line is missing"));
  EXPECT_THAT(error_of(std::string_view("<A/>\0<RECOGOUT>", 15)), HasSubstr("NUL at byte 4"));
}

/// A result of two hypotheses.
JuliusParse result_of(std::string_view first, std::string_view second) {
  return parse_julius_block(fmt::format("<RECOGOUT>\n  {}\n  {}\n</RECOGOUT>\n", first, second));
}

constexpr const char* kSound = R"(<SHYPO RANK="1"><WHYPO WORD="a" CM="0.9"/></SHYPO>)";
constexpr const char* kSpoilt[] = {
    R"(<SHYPO RANK="2"><WHYPO WORD="a"b" CM="0.9"/></SHYPO>)",  // an engine that does not escape
    R"(<SHYPO RANK="2"><WHYPO WORD=""" CM="0.9"/></SHYPO>)",
    R"(<SHYPO RANK="2"><WHYPO WORD="a CM="0.9"/></SHYPO>)",
    R"(<SHYPO RANK="2"><WHYPO WORD="a" CM="0.x"/></SHYPO>)",
    R"(<SHYPO RANK="2"><WHYPO WORD="a" CM=""/></SHYPO>)",
    R"(<SHYPO RANK="2"><WHYPO WORD="a" CM="nan"/></SHYPO>)",
    R"(<SHYPO RANK="2"><WHYPO WORD="a" CM="inf"/></SHYPO>)",
    R"(<SHYPO RANK="2">WHYPO WORD="a"/></SHYPO>)",
    R"(<SHYPO RANK="2"><WHYPO WORD="a"/></SHYPX>)",
    R"(<SHYPO RANK="2"><WHYPO WORD="a"/>)",
    R"(<SHXPO RANK="2"><WHYPO WORD="a"/></SHYPO>)",
    R"(<SHYPO RANK="2)",
    "<SHYPO RANK=\"2\"><WHYPO WORD=\"a\" C\uFFFDM=\"0.9\"/></SHYPO>",
    "<SHYPO RANK=\"2\"><WHYP\uFFFD WORD=\"a\"/></SHYPO>",
    "<SHYPO RANK=\"2\" P\uFFFDSS=\"1\"><WHYPO WORD=\"a\"/></SHYPO>",
    "<SHYPO RANK=\"\uFFFD\"><WHYPO WORD=\"a\"/></SHYPO>",
    "\uFFFD",
};

TEST(JuliusMessage, ASpoiltHypothesisCostsTheSoundFirstOneNothing) {
  for (const std::string_view spoilt : kSpoilt) {
    const JuliusParse result = result_of(kSound, spoilt);
    EXPECT_EQ(result.error, "") << spoilt;
    EXPECT_NE(result.spoilt, "") << spoilt;
    EXPECT_THAT(result.spoilt, Not(HasSubstr("\n")));
    ASSERT_THAT(result.message.hypotheses, SizeIs(1)) << spoilt;
    ASSERT_NE(result.message.final_hypothesis(), nullptr) << spoilt;
    EXPECT_EQ(result.message.final_hypothesis()->words[0].word, "a");
  }
  const std::string nul = std::string(kSound) + std::string(1, '\0');
  EXPECT_EQ(result_of(nul, "").message.hypotheses.size(), 1U);
}

TEST(JuliusMessage, BehindASpoiltFirstHypothesisNoneCounts) {
  for (std::string first : kSpoilt) {
    if (const std::size_t rank = first.find("\"2"); rank != first.npos) first[rank + 1] = '1';
    const JuliusParse result = result_of(first, kSound);
    EXPECT_EQ(result.message.final_hypothesis(), nullptr) << first;
    EXPECT_TRUE(!result.ok() || !result.spoilt.empty()) << first;
  }
}

TEST(JuliusMessage, AWordThatCouldNotBeReadIsHandedOut) {
  const JuliusParse result =
      result_of("<SHYPO RANK=\"1\"><WHYPO WORD=\"a\uFFFD\" PHONE=\"\uFFFD\"/></SHYPO>", kSound);
  EXPECT_EQ(result.spoilt, "");
  EXPECT_EQ(result.message.hypotheses.at(0).words.at(0).word, "a\uFFFD");
}

TEST(JuliusMessage, DeepNestingDoesNotOverflowTheStack) {
  std::string deep;
  for (int i = 0; i < 120'000; ++i) deep += "<a>";
  EXPECT_NE(error_of(deep), "");
  for (int i = 0; i < 120'000; ++i) deep += "</a>";
  EXPECT_EQ(parsed(deep).kind, JuliusKind::unknown);
}

// Every prefix of a result, and the whole with any byte changed: no crash, and no word of the
// final hypothesis out of thin air.
TEST(JuliusMessage, SurvivesDamage) {
  for (std::size_t size = 0; size + 1 < kFinal.size(); ++size) {
    const JuliusParse result = parse_julius_block(kFinal.substr(0, size));
    EXPECT_TRUE(!result.ok() || result.message.final_hypothesis() == nullptr) << size;
  }
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged(kFinal);
    for (std::uint32_t i = 0; i <= random() % 3; ++i) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    parse_julius_block(damaged);
  }
  for (int round = 0; round < 5'000; ++round) {
    std::string noise = "<";
    for (int i = 0; i < 40; ++i) noise.push_back("<>/=\"'&;!?[]-aR 1\n\xe8"[random() % 19]);
    parse_julius_block(noise);
  }
}

}  // namespace
}  // namespace bunshin
