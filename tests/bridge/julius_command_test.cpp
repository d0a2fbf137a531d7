#include "bridge/julius_command.h"

#include <gmock/gmock.h>

#include "tests/bridge/fixtures.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;

/// What lines, each ended by "\n", make.
std::vector<std::string> commands_in(std::string_view text) {
  JuliusCommandReader reader;
  std::vector<std::string> commands;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (auto command = reader.take(text.substr(0, end))) commands.push_back(std::move(*command));
    text.remove_prefix(end + 1);
  }
  return commands;
}

TEST(JuliusCommandReader, MostAreOneLine) {
  EXPECT_THAT(commands_in("STATUS\nVERSION\r\n\n\r\nPAUSE\nNONSENSE\n"),
              ElementsAre("STATUS", "VERSION", "PAUSE", "NONSENSE"));
}

TEST(JuliusCommandReader, TheLineBehindIsAnArgumentWhateverItSays) {
  EXPECT_THAT(
      commands_in("INPUTONCHANGE\nPAUSE\nPAUSE\nDELGRAM\n7\nCURRENTPROCESS\n\nSTATUS\n"),
      ElementsAre("INPUTONCHANGE\nPAUSE", "PAUSE", "DELGRAM\n7", "CURRENTPROCESS\n", "STATUS"));
}

TEST(JuliusCommandReader, AGrammarIsOneCommand) {
  const std::string grammar = "ADDGRAM fruit\n0 1 1 0 1\nDIE\nDFAEND\n0 [x] x\n\nPAUSE\nDICEND\n";
  EXPECT_THAT(commands_in(grammar + "STATUS\n"),
              ElementsAre(grammar.substr(0, grammar.size() - 1), "STATUS"));
  EXPECT_THAT(commands_in("CHANGEGRAM\nDFAEND\nDICEND\nADDWORD\nfruit\n0 [x] x\nDICEND\nDIE\n"),
              ElementsAre("CHANGEGRAM\nDFAEND\nDICEND", "ADDWORD\nfruit\n0 [x] x\nDICEND", "DIE"));
}

// What a real client sent to the engine: each row was one command.
TEST(JuliusCommandReader, TakesARecordedSessionApart) {
  const std::string table = read_fixture("julius/control.tsv");
  constexpr std::string_view kFromClient = "\t>\t";
  std::size_t rows = 0;
  for (auto at = table.find(kFromClient); at != table.npos; at = table.find(kFromClient, at + 1)) {
    const std::size_t begin = at + kFromClient.size();
    std::string said = table.substr(begin, table.find('\n', begin) - begin);
    for (auto end = said.find("\\n"); end != said.npos; end = said.find("\\n")) {
      said.replace(end, 2, "\n");
    }
    EXPECT_THAT(commands_in(said), ElementsAre(said.substr(0, said.size() - 1)));
    ++rows;
  }
  EXPECT_EQ(rows, 21U);
}

TEST(JuliusCommandReader, WhatIsTooLongIsDroppedWhole) {
  JuliusCommandReader reader;
  const std::string line(100'000, 'x');
  EXPECT_EQ(reader.take("ADDGRAM"), std::nullopt);
  for (int count = 0; count < 30; ++count) EXPECT_EQ(reader.take(line), std::nullopt);
  EXPECT_TRUE(reader.waits());
  EXPECT_EQ(reader.take("DICEND"), std::nullopt);
  EXPECT_EQ(reader.overlong(), 1U);
  EXPECT_EQ(reader.take("STATUS"), "STATUS");
}

}  // namespace
}  // namespace bunshin::testing
