#include "reactor/printable.h"

namespace bunshin {
namespace {

TEST(Printable, KeepsText) { EXPECT_EQ(printable("赤 に <光れ>"), "赤 に <光れ>"); }

TEST(Printable, HidesWhatATerminalWouldObey) {
  EXPECT_EQ(printable(std::string_view("a\n\x1b[2J\0\x7f", 8)), "a??[2J??");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "??2J")
      << "the one-character CSI";
}

TEST(Printable, HidesBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("\xff\xe8\xb5x\xc0\xaf"), "???x??");
  EXPECT_EQ(printable("\xe8"), "?");
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable("赤赤赤", 6), "赤赤...");
  EXPECT_EQ(printable("赤赤赤", 8), "赤赤...");
  EXPECT_EQ(printable("赤赤赤", 9), "赤赤赤");
}

}  // namespace
}  // namespace bunshin
