#include "bridge/changed_lines.h"

#include <gmock/gmock.h>

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ChangedLines, TellsWhatIsNewAndWhatIsGone) {
  const char* before = "a = 1\n[serial]\ndevice = \"x\"\nbaud = 57600\n";
  EXPECT_THAT(changed_lines(before, before), IsEmpty());
  EXPECT_THAT(changed_lines(before, "a = 1\n[serial]\ndevice = \"x\"\nbaud = 9600\n"),
              ElementsAre("4: baud = 57600 is gone", "4: baud = 9600 is new"));
  EXPECT_THAT(changed_lines(before, "a = 1\nb = 2\n[serial]\nbaud = 57600"),
              ElementsAre("2: b = 2 is new", "3: device = \"x\" is gone"));
  EXPECT_THAT(changed_lines("", "a = 1"), ElementsAre("1: a = 1 is new"));
  EXPECT_THAT(changed_lines("a = 1\n", ""), ElementsAre("1: a = 1 is gone"));
}

TEST(ChangedLines, BlanksAndCommentsDoNotCount) {
  EXPECT_THAT(changed_lines("a = 1\n\n# why\nb = 2\n", "  a = 1\r\n# because\n#\n\tb = 2  "),
              IsEmpty());
  EXPECT_THAT(changed_lines("a = 1\nb = 2\n", "# first\n\na = 1\nb = 3\n"),
              ElementsAre("2: b = 2 is gone", "4: b = 3 is new"));
}

// Two words of rules changed their places: what lies between stays.
TEST(ChangedLines, TellsAsLittleAsItCan) {
  EXPECT_THAT(changed_lines("x\na\nb\nc\ny\n", "y\na\nb\nc\nx\n"),
              ElementsAre("1: x is gone", "1: y is new", "5: y is gone", "5: x is new"));
}

TEST(ChangedLines, TwoFilesThatHaveNothingInCommonAreToldInOneLine) {
  std::string before;
  std::string after;
  for (int line = 0; line < 3000; ++line) {
    before += "a" + std::to_string(line) + "\n";
    after += "b" + std::to_string(line) + "\n";
  }
  EXPECT_THAT(changed_lines(before, after), ElementsAre("1 to 3000: 3000 lines in place of 3000"));
}

}  // namespace
}  // namespace bunshin::testing
