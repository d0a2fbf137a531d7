#include <gmock/gmock.h>

#include "tests/bridge/config_problem.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

TEST(ConfigStatus, ReadsEveryKey) {
  EXPECT_EQ(parse_config("", "x.toml").status, StatusConfig());
  const StatusConfig status =
      parse_config("[status]\nlisten = \"9110\"\nnames = [\"pi\", \"pi.local\"]\n", "x.toml")
          .status;
  EXPECT_EQ(status.listen, "127.0.0.1:9110");
  EXPECT_THAT(status.names, ElementsAre("pi", "pi.local"));
  EXPECT_EQ(parse_config("[status]\nlisten = \"systemd\"\n", "x.toml").status.listen, "systemd");
}

TEST(ConfigStatus, WhatIsWrongIsNamedWithLineAndKey) {
  const std::pair<const char*, const char*> cases[] = {
      {"[status]\n", "1: status.listen: missing: an address to listen on"},
      {"status = true\n", "1: status: should be a table: [status]"},
      {"[[status]]\nlisten = \"9110\"\n", "1: status: should be a table"},
      {"[status]\nlisten = [\"9110\"]\n", "2: status.listen: should be a string"},
      {"[status]\nlisten = \"http://localhost:9110\"\n", "2: status.listen: "},
      {"[status]\nlisten = \"localhost:-1\"\n", "2: status.listen: "},
      {"[status]\nlisten = \"systemd:status\"\n", "2: status.listen: "},
      {"[status]\nlisten = \"9110\"\nname = \"pi\"\n",
       "3: status.name: unknown key, did you mean \"names\"?"},
      {"[status]\nlisten = \"9110\"\nnames = \"pi\"\n", "3: status.names: should be a list of"},
      {"[status]\nlisten = \"9110\"\nnames = [1]\n", "3: status.names: should be a list of"},
      {"[status]\nlisten = \"9110\"\nnames = [\"pi:9110\"]\n",
       "3: status.names: \"pi:9110\" is no name of a host"},
      {"[status]\nlisten = \"9110\"\nnames = [\"\"]\n", "3: status.names: \"\" is no name"},
      {"[share]\nlisten = \"9110\"\n[status]\nlisten = \"localhost:9110\"\n",
       "4: status.listen: localhost:9110 is share.listen already: take another port"},
  };
  for (const auto& [text, complaint] : cases) EXPECT_THAT(problem(text), StartsWith(complaint));
}

}  // namespace
}  // namespace bunshin::testing
