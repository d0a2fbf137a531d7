#include <gmock/gmock.h>

#include "tests/bridge/config_problem.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

TEST(ConfigWyoming, ReadsEveryKey) {
  EXPECT_EQ(parse_config("", "x.toml").wyoming.listen, "");
  const WyomingConfig wyoming =
      parse_config("[wyoming]\nlisten = \"10700\"\nlanguages = [\"ja\", \"en-GB\"]\n", "x.toml")
          .wyoming;
  EXPECT_EQ(wyoming.listen, "127.0.0.1:10700");
  EXPECT_THAT(wyoming.languages, ElementsAre("ja", "en-GB"));
  EXPECT_THAT(parse_config("[wyoming]\nlisten = \"10700\"\n", "x.toml").wyoming.languages,
              ElementsAre("ja"));
}

TEST(ConfigWyoming, WhatIsWrongIsNamedWithLineAndKey) {
  const std::pair<const char*, const char*> cases[] = {
      {"[wyoming]\n", "1: wyoming.listen: missing: an address to listen on"},
      {"wyoming = \"10700\"\n", "1: wyoming: should be a table: [wyoming]"},
      {"[wyomin]\nlisten = \"10700\"\n", "1: wyomin: unknown key, did you mean \"wyoming\"?"},
      {"[wyoming]\nlisten = 10700\n", "2: wyoming.listen: should be a string"},
      {"[wyoming]\nlisten = \"tcp://0.0.0.0:10700\"\n", "2: wyoming.listen: "},
      {"[wyoming]\nlisten = \"0.0.0.0\"\n", "2: wyoming.listen: "},
      {"[wyoming]\nlisten = \"10700\"\nlanguage = [\"ja\"]\n",
       "3: wyoming.language: unknown key, did you mean \"languages\"?"},
      {"[wyoming]\nlisten = \"10700\"\nlanguages = \"ja\"\n",
       "3: wyoming.languages: should be a list of strings"},
      {"[wyoming]\nlisten = \"10700\"\nlanguages = []\n", "3: wyoming.languages: it is empty"},
      {"[wyoming]\nlisten = \"10700\"\nlanguages = [\"日本語\"]\n",
       "3: wyoming.languages: \"日本語\" should be like \"ja\""},
      {"[wyoming]\nlisten = \"10700\"\nlanguages = [\"j\"]\n",
       "3: wyoming.languages: \"j\" should"},
      {"[share]\nlisten = \"10700\"\n[wyoming]\nlisten = \"10700\"\n",
       "4: wyoming.listen: 127.0.0.1:10700 is share.listen already"},
  };
  for (const auto& [text, complaint] : cases) EXPECT_THAT(problem(text), StartsWith(complaint));
}

}  // namespace
}  // namespace bunshin::testing
