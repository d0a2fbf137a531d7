#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "tests/support/files.h"
#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;

/// Compares lines of JSON with the tables of a README: every value is of the type that stands
/// there, and every name that stands there was seen.
constexpr const char* kCompare = R"(
import json, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
parts = re.split(r"^`(distribution|usage)`:$", text.split("<!-- json: begin -->")[1]
                 .split("<!-- json: end -->")[0], flags=re.M)
tables = dict(zip(["all"] + parts[1::2],
                  (dict(re.findall(r"^[|] `(\w+)` [|] ([\w ]+) [|]", part, re.M))
                   for part in parts[::2])))
TYPES = {str: "string", bool: "boolean", int: "number", float: "number", list: "array"}
seen = set()
def check(kind, value):
    for name, item in value.items():
        wanted = tables[kind].get(name, "nothing")
        seen.add((kind, name))
        if isinstance(item, dict):
            inner = wanted.split()[0]
            assert inner in tables, f"{kind}.{name} is no object but {wanted}"
            check(inner, item)
        elif item is None:
            assert wanted.endswith("or null"), f"{kind}.{name} may be null"
        else:
            assert wanted.split()[0] == TYPES[type(item)], f"{kind}.{name} is {wanted}: {item}"
for line in sys.stdin:
    check("all", json.loads(line))
missing = {(kind, name) for kind in tables for name in tables[kind]} - seen
assert not missing, f"never seen: {missing}"
)";

std::string load_json(const Server& server, std::vector<std::string> more) {
  std::vector<std::string> arguments = {
      "load", server.address.to_string(), "--json", "--warmup", "0.01", "--seconds", "0.1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  Program load(bunshin(std::move(arguments)));
  EXPECT_EQ(load.wait(), 0) << load.errors();
  return load.output();
}

TEST(LoadCommand, TheJsonIsWhatBothReadmesSay) {
  Server server({"echo"});
  const std::string lines =
      load_json(server, {"--rate", "1000", "--pid", std::to_string(::getpid())}) +
      load_json(server, {"--text", "--conns", "2"});
  for (const char* readme : {"../../bench/README.md", "../../bench/README.ja.md"}) {
    Program compare({"/usr/bin/python3", "-c", kCompare, fixture_path(readme)});
    compare.send(lines);
    compare.end_input();
    EXPECT_EQ(compare.wait(), 0) << compare.errors();
  }
}

TEST(LoadCommand, EndedByASignalItTellsSo) {
  for (const bool json : {false, true}) {
    Server server({"echo", "--verbose"});
    std::vector<std::string> arguments = {"load", server.address.to_string(), "--seconds", "60"};
    if (json) arguments.emplace_back("--json");
    Program load(bunshin(std::move(arguments)));
    EXPECT_TRUE(server.wait_for_output("connected from"));
    load.signal(SIGINT);
    EXPECT_EQ(load.wait(), 0);
    EXPECT_THAT(load.output(), HasSubstr(json ? "\"interrupted\":true" : "interrupted  "));
  }
}

}  // namespace
}  // namespace bunshin::testing
