#include <gmock/gmock.h>

#include "bridge/config_listen.h"
#include "tests/bridge/config_problem.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ConfigShare, NobodyListensUnlessAsked) {
  EXPECT_EQ(parse_config("", "x.toml").share.listen, "");
  EXPECT_EQ(builtin_config().share.listen, "");
}

TEST(ConfigShare, ReadsEveryKey) {
  const ShareConfig share =
      parse_config("[share]\nlisten = \"10501\"\nallow_control = true\n", "x.toml").share;
  EXPECT_EQ(share.listen, "127.0.0.1:10501");
  EXPECT_TRUE(share.allow_control);
  EXPECT_FALSE(parse_config("[share]\nlisten = \":0\"\n", "x.toml").share.allow_control);
}

TEST(ConfigShare, WhatIsWrongIsNamedWithLineAndKey) {
  const std::pair<const char*, const char*> cases[] = {
      {"[share]\n", "1: share.listen: missing: an address to listen on, such as"},
      {"share = 10501\n", "1: share: should be a table: [share]"},
      {"[share]\nlisten = 10501\n", "2: share.listen: should be a string"},
      {"[share]\nlisten = \"\"\n", "2: share.listen: "},
      {"[share]\nlisten = \"localhost\"\n", "2: share.listen: "},
      {"[share]\nlisten = \"localhost:99999\"\n", "2: share.listen: "},
      {"[share]\nlisten = \"localhost:http\"\n", "2: share.listen: "},
      {"[share]\nlisten = \"::1:10501\"\n", "2: share.listen: "},
      {"[share]\nlisten = \"unix:\"\n", "2: share.listen: "},
      {"[share]\nlisten = \"a\\nb:1\"\n", "2: share.listen: it holds a line end"},
      {"[share]\nlisten = \"10501\"\nallow_control = \"yes\"\n",
       "3: share.allow_control: should be"},
      {"[share]\nlisten = \"10501\"\nalow_control = true\n",
       "3: share.alow_control: unknown key, did you mean \"allow_control\"?"},
      {"[share]\nlisten = \"10500\"\n",
       "2: share.listen: 127.0.0.1:10500 is where Julius is (julius.address)"},
      {"[share]\nlisten = \"10501\"\nlisten = \"10502\"\n", "3: "},
      {"[shared]\nlisten = \"10501\"\n", "1: shared: unknown key, did you mean \"share\"?"},
  };
  for (const auto& [text, complaint] : cases) EXPECT_THAT(problem(text), StartsWith(complaint));
  EXPECT_THAT(problem("[share]\nlisten = \"localhost\"\n"), HasSubstr("the port is missing"));
}

TEST(ConfigShare, TellsWhatOthersCanReach) {
  for (const char* local : {"10501", "127.0.0.1:1", "[::1]:1", "localhost:1", "unix:/run/x"}) {
    EXPECT_FALSE(is_open_to_others(local)) << local;
  }
  for (const char* open : {"0.0.0.0:1", "[::]:1", "192.168.0.2:1", "raspberrypi:1"}) {
    EXPECT_TRUE(is_open_to_others(open)) << open;
  }
}

}  // namespace
}  // namespace bunshin::testing
