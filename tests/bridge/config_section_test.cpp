#include "bridge/config_section.h"

#include <gmock/gmock.h>

#include <string>

namespace bunshin {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

/// What `read` makes of the table [a], or the error without the file's name.
template <typename Read>
std::string problem(std::string_view text, Read read) {
  try {
    const ConfigText file(text, "x.toml");
    read(*file.root().table("a"));
    return "fine";
  } catch (const ConfigError& error) {
    return std::string(error.what()).substr(7);
  }
}

TEST(ConfigSection, Durations) {
  const auto read = [](std::string_view value) {
    const std::string text = "[a]\nb = \"" + std::string(value) + "\"";
    return ConfigText(text, "x.toml").root().table("a")->duration("b");
  };
  EXPECT_EQ(read("0s"), milliseconds(0));
  EXPECT_EQ(read("500ms"), milliseconds(500));
  EXPECT_EQ(read("3s"), milliseconds(3000));
  EXPECT_EQ(read("2min"), milliseconds(120'000));
  EXPECT_EQ(read("24h"), milliseconds(86'400'000));
  for (const char* bad : {"", "3", "s", "3 s", "-1s", "3.5s", "3S", "25h", "99999999999999999999s",
                          "9223372036854775807ms"}) {
    EXPECT_THROW((void)read(bad), ConfigError) << bad;
  }
  EXPECT_EQ(problem("[a]\nb = \"3\"", [](const ConfigSection& a) { (void)a.duration("b"); }),
            "2: a.b: \"3\" should be a time of at most a day: \"500ms\", \"3s\", \"2min\"");
  EXPECT_EQ(problem("[a]\nb = 3", [](const ConfigSection& a) { (void)a.duration("b"); }),
            "2: a.b: should be a string");
}

TEST(ConfigSection, Flags) {
  const auto read = [](const ConfigSection& a) { (void)a.flag("b"); };
  EXPECT_EQ(problem("[a]\nb = true", read), "fine");
  EXPECT_EQ(problem("[a]\nb = 1", read), "2: a.b: should be true or false");
  EXPECT_EQ(problem("[a]\nb = \"true\"", read), "2: a.b: should be true or false");
}

TEST(ConfigSection, ListsOfTexts) {
  const ConfigText file("[a]\nb = [\"<s>\", \"x\"]\nc = []", "x.toml");
  const ConfigSection a = *file.root().table("a");
  EXPECT_THAT(*a.texts("b"), ElementsAre("<s>", "x"));
  EXPECT_THAT(*a.texts("c"), ElementsAre());
  EXPECT_FALSE(a.texts("d"));
  const auto read = [](const ConfigSection& section) { (void)section.texts("b"); };
  EXPECT_EQ(problem("[a]\nb = \"x\"", read), "2: a.b: should be a list of strings");
  EXPECT_EQ(problem("[a]\nb = [\"x\", 1]", read), "2: a.b: should be a list of strings");
  EXPECT_EQ(problem("[a]\nb = [\"x\\n\"]", read),
            "2: a.b: it holds a line end or another control character");
}

TEST(ConfigSection, ATableInsideATableIsNamedWhole) {
  const auto read = [](const ConfigSection& a) { (void)a.table("b")->integer("c"); };
  EXPECT_EQ(problem("[a]\nb = { c = \"x\" }", read), "2: a.b.c: should be an integer");
  EXPECT_EQ(problem("[a]\nb = 1", read), "2: a.b: should be a table: [a.b]");
}

TEST(ConfigSection, WhatIsMissingIsNamedWithTheLineOfItsTable) {
  const auto read = [](const ConfigSection& a) { a.fail("b", "missing"); };
  EXPECT_EQ(problem("\n\n[a]\nc = 1", read), "3: a.b: missing");
}

}  // namespace
}  // namespace bunshin
