#include "bridge/text_decoder.h"

#include <gmock/gmock.h>

#include <random>
#include <stdexcept>

#include "tests/bridge/fixtures.h"

namespace bunshin {
namespace {

using ::testing::HasSubstr;

std::string why_not(const std::string& encoding) {
  try {
    TextDecoder decoder(encoding);
    return "accepted";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(TextDecoder, DecodesTheEncodingsOfJapaneseDictionaries) {
  EXPECT_EQ(TextDecoder("Shift_JIS").decode("\x90\xd4").text, "赤");
  EXPECT_EQ(TextDecoder("EUC-JP").decode("\xc0\xd6").text, "赤");
  EXPECT_EQ(TextDecoder("UTF-8").decode("赤").text, "赤");
  EXPECT_EQ(TextDecoder("ISO-2022-JP").decode("\x1b$B@V\x1b(B").text, "赤");
}

TEST(TextDecoder, RefusesAnUnknownName) {
  EXPECT_THAT(why_not("UTF-9"), HasSubstr("unknown encoding \"UTF-9\""));
  EXPECT_THAT(why_not(""), HasSubstr("unknown encoding \"\""));
  EXPECT_THAT(why_not(std::string("UTF-8\0x", 7)), HasSubstr("unknown encoding"));
}

TEST(TextDecoder, RefusesASuffixThatWouldDropBytesInSilence) {
  EXPECT_THAT(why_not("UTF-8//IGNORE"), HasSubstr("unknown encoding"));
}

TEST(TextDecoder, RefusesEncodingsTheFramingCannotRead) {
  EXPECT_THAT(why_not("UTF-16"), HasSubstr("does not contain ASCII"));
  EXPECT_THAT(why_not("UCS-4"), HasSubstr("does not contain ASCII"));
}

TEST(TextDecoder, ABadByteCostsACharacterAndNotWhatFollows) {
  TextDecoder sjis("Shift_JIS");
  const auto result = sjis.decode("ab\x90\"\x90\xd4\x90");
  EXPECT_EQ(result.text, "ab\uFFFD\"赤\uFFFD");
  EXPECT_EQ(result.replaced, 2U);
  EXPECT_EQ(TextDecoder("EUC-JP").decode("\xc0<\xc0\xd6").text, "\uFFFD<赤");
  EXPECT_EQ(TextDecoder("ISO-2022-JP").decode("\x1b$B@V\xff\x1b(B\">").text, "赤\uFFFD\">");
}

TEST(TextDecoder, ChecksUtf8Too) {
  TextDecoder decoder("UTF-8");
  EXPECT_EQ(decoder.decode("a\xffz").text, "a\uFFFDz");
  EXPECT_EQ(decoder.decode("\xc0\xaf").replaced, 2U) << "overlong";
  EXPECT_EQ(decoder.decode("\xed\xa0\x80").replaced, 3U) << "surrogate";
  EXPECT_EQ(decoder.decode("\xe8\xb5").replaced, 2U) << "cut short";
  EXPECT_EQ(decoder.decode("\xe8\"赤").text, "\uFFFD\"赤");
  EXPECT_EQ(decoder.decode("a\xf4\x90\x80\x80\U0010FFFFb\xf7\xb7\xb7\xb7").text,
            "a\uFFFD\U0010FFFFb\uFFFD")
      << "beyond Unicode";
  EXPECT_EQ(decoder.decode("\xfb\xb7\xb7\xb7\xb7z\xfd\xb7\xb7\xb7\xb7\xb7\"").text,
            "\uFFFDz\uFFFD\"")
      << "beyond Unicode";
}

TEST(TextDecoder, CarriesNothingFromOneBlockToTheNext) {
  TextDecoder sjis("Shift_JIS");
  EXPECT_EQ(sjis.decode("\x90").replaced, 1U);
  EXPECT_EQ(sjis.decode("A").text, "A");
  TextDecoder jis("ISO-2022-JP");
  EXPECT_EQ(jis.decode("\x1b$B@V").text, "赤");
  EXPECT_EQ(jis.decode("@V").text, "@V");
  EXPECT_EQ(jis.decode("\x1b$B@V\xff").replaced, 1U);
  EXPECT_EQ(jis.decode("@V").text, "@V");
}

TEST(TextDecoder, NulSurvives) {
  const std::string nul("a\0b", 3);
  EXPECT_EQ(TextDecoder("EUC-JP").decode(nul).text, nul);
}

TEST(TextDecoder, DecodesWhatIsLargerThanItsOwnBuffer) {
  std::string input;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    input += "\x90\xd4.";
    expected += "赤.";
  }
  EXPECT_EQ(TextDecoder("Shift_JIS").decode(input).text, expected);
}

TEST(TextDecoder, TheFruitRecordingDecodes) {
  TextDecoder decoder("Shift_JIS");
  const auto result = decoder.decode(testing::read_fixture("julius/fruit-sjis.bin"));
  ASSERT_EQ(result.replaced, 0U);
  for (const char* word : {"リンゴ", "個", "ください"}) EXPECT_THAT(result.text, HasSubstr(word));
}

TEST(TextDecoder, WhateverComesOutIsUtf8) {
  std::mt19937 random(7);
  TextDecoder check("UTF-8");
  for (const char* encoding : {"UTF-8", "Shift_JIS", "EUC-JP", "ISO-2022-JP", "CP932"}) {
    TextDecoder decoder(encoding);
    for (int round = 0; round < 300; ++round) {
      std::string bytes(1 + random() % 64, '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      const auto result = decoder.decode(bytes);
      ASSERT_EQ(check.decode(result.text).replaced, 0U);
      ASSERT_LE(result.replaced, bytes.size());
    }
  }
}

}  // namespace
}  // namespace bunshin
