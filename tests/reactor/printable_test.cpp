#include "reactor/printable.h"

namespace bunshin {
namespace {

TEST(Printable, KeepsText) { EXPECT_EQ(printable("赤 に <光れ>"), "赤 に <光れ>"); }

TEST(Printable, HidesWhatATerminalWouldObey) {
  EXPECT_EQ(printable(std::string_view("a\n\x1b[2J\0\x7f", 8)), "a^J^[[2J^@^?");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "?2J")
      << "the one-character CSI";
  EXPECT_EQ(printable("\x9b"
                      "2J"),
            "?2J")
      << "the same for a terminal of eight bits";
  EXPECT_EQ(printable("\xe0\x80\x9b[2J"), "???[2J") << "an escape character, written too long";
}

TEST(Printable, KeepsTheControlCharactersItIsTold) {
  EXPECT_EQ(printable("a\tb\r\n", 160, "\n\t"), "a\tb^M\n");
}

TEST(Printable, HidesBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("\xff\xe8\xb5x\xc0\xaf"), "???x??");
  EXPECT_EQ(printable("\xe8"), "?");
  EXPECT_EQ(printable("\xed\xa0\x80"), "???") << "a surrogate";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????") << "beyond U+10FFFF";
  EXPECT_EQ(printable("\xc2"), "?");
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable("赤赤赤", 6), "赤赤...");
  EXPECT_EQ(printable("赤赤赤", 8), "赤赤...");
  EXPECT_EQ(printable("赤赤赤", 9), "赤赤赤");
}

TEST(WholeCharacters, LeavesOutWhatIsNotWholeYet) {
  const std::string text = "a赤𝄞";
  const std::size_t ends[] = {0, 1, 1, 1, 4, 4, 4, 4, 8};
  for (std::size_t size = 0; size <= text.size(); ++size) {
    EXPECT_EQ(whole_characters(text.substr(0, size)), ends[size]) << size;
  }
  EXPECT_EQ(whole_characters("a\xff"), 2U) << "never becomes one";
  EXPECT_EQ(whole_characters("\xe8"
                             "a"),
            2U);
  EXPECT_EQ(whole_characters("\x80\x80\x80\x80"), 4U);
}

}  // namespace
}  // namespace bunshin
