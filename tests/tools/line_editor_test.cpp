#include "tools/line_editor.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <optional>

#include "tests/support/files.h"
#include "tests/support/screen.h"
#include "tools/terminal.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Lines = std::vector<std::string>;

class LineEditorTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kColumns = 20;

  LineEditorTest() {
    ::setenv("TERM", "xterm", 1);
    use_utf8();
    const winsize size{.ws_row = 24, .ws_col = kColumns, .ws_xpixel = 0, .ws_ypixel = 0};
    ::ioctl(pty.slave.get(), TIOCSWINSZ, &size);
    // Its line ends are made by the terminal, which the test is not: a new line is a line feed.
    editor.emplace(pty.slave.get(), [this](std::string_view text) {
      for (const char byte : text) screen.write(byte == '\n' ? "\r\n" : std::string(1, byte));
    });
  }
  Lines typed(std::string_view keys) { return editor->typed(keys).lines; }

  Pty pty = make_pty();
  Screen screen{kColumns};
  std::optional<LineEditor> editor;
};

TEST_F(LineEditorTest, HandsOutLines) {
  EXPECT_THAT(typed("hello"), IsEmpty());
  EXPECT_THAT(screen.lines(), ElementsAre("> hello"));
  EXPECT_THAT(typed("\r"), ElementsAre("hello"));
  EXPECT_THAT(screen.lines(), ElementsAre("> hello", ">"));
  EXPECT_THAT(typed("a\rb\n\nc"), ElementsAre("a", "b", ""));
  EXPECT_THAT(screen.lines(), ElementsAre("> hello", "> a", "> b", ">", "> c"));
}

TEST_F(LineEditorTest, EditsWhatWasTyped) {
  typed("ax\x7f");
  typed("赤\x7f緑\x1b[D");  // backspace, cursor left
  typed("黄");
  EXPECT_THAT(screen.lines(), ElementsAre("> a黄緑"));
  EXPECT_THAT(typed("\r"), ElementsAre("a黄緑"));
}

TEST_F(LineEditorTest, KeysMayComeInPieces) {
  for (const char byte : std::string("bc\x1b[D\x1b[Da赤")) typed(std::string(1, byte));
  EXPECT_THAT(typed("\r"), ElementsAre("a赤bc"));
}

TEST_F(LineEditorTest, BytesThatAreNoCharactersAreTakenAllTheSame) {
  EXPECT_THAT(typed("a\xff"
                    "b\r"),
              ElementsAre("a\uFFFDb"));
}

TEST_F(LineEditorTest, ControlDEndsAnEmptyLineOnly) {
  EXPECT_FALSE(editor->typed("abc\x04").ended);
  EXPECT_FALSE(editor->typed("\r").ended);
  EXPECT_TRUE(editor->typed("\x04").ended);
}

TEST_F(LineEditorTest, PrintsAboveWhatIsHalfTyped) {
  typed("half 赤");
  const std::size_t column = screen.column();
  editor->print("one\ntwo\n");
  EXPECT_THAT(screen.lines(), ElementsAre("one", "two", "> half 赤"));
  EXPECT_EQ(screen.column(), column);
  EXPECT_THAT(typed("!\r"), ElementsAre("half 赤!"));
}

TEST_F(LineEditorTest, AMessageInPiecesStaysOne) {
  typed("half");
  editor->print("one ");
  EXPECT_THAT(screen.lines(), ElementsAre("one", "> half"));
  editor->print("mess赤");
  editor->print("\tage");
  EXPECT_THAT(screen.lines(), ElementsAre("one mess赤      age", "> half")) << "a tab of six";
  editor->print(" and more");
  EXPECT_THAT(screen.lines(), ElementsAre("one mess赤      age", "and more", "> half"));
}

TEST_F(LineEditorTest, AMessageThatFillsTheRow) {
  editor->print(std::string(kColumns, 'x'));
  EXPECT_THAT(screen.lines(), ElementsAre(std::string(kColumns, 'x'), ">"));
  editor->print("y");
  EXPECT_THAT(screen.lines(), ElementsAre(std::string(kColumns, 'x'), "y", ">"));
}

TEST_F(LineEditorTest, WhatIsTypedMayFillSeveralRows) {
  editor->print("first\n");
  typed("a long line which is longer than two rows of it");
  editor->print("second\n");
  EXPECT_THAT(screen.lines(), ElementsAre("first", "second", "> a long line which",
                                          "is longer than two r", "ows of it"));
  EXPECT_THAT(typed("\x01\x1b[C"), IsEmpty());  // to its begin, and one to the right
  editor->print("third\n");
  EXPECT_EQ(screen.lines().size(), 6U);
  EXPECT_EQ(screen.row(), 3U);
  EXPECT_EQ(screen.column(), 3U);
}

TEST_F(LineEditorTest, AnAnswerBeginsBelowWhatWasTyped) {
  editor->print("no line end");
  typed("hello\r");
  editor->print("[now] hello");
  EXPECT_THAT(screen.lines(), ElementsAre("no line end", "> hello", "[now] hello", ">"));
}

TEST_F(LineEditorTest, GivesTheTerminalBack) {
  termios during{};
  ASSERT_EQ(::tcgetattr(pty.slave.get(), &during), 0);
  EXPECT_EQ(during.c_lflag & static_cast<tcflag_t>(ECHO), 0U);
  editor.reset();
  EXPECT_THAT(screen.lines(), IsEmpty());
  Pty other = make_pty();
  set_canonical(other.slave.get());
  termios before{};
  ASSERT_EQ(::tcgetattr(other.slave.get(), &before), 0);
  editor.emplace(other.slave.get(), [](std::string_view) {});
  editor.reset();
  termios after{};
  ASSERT_EQ(::tcgetattr(other.slave.get(), &after), 0);
  EXPECT_EQ(after.c_lflag, before.c_lflag);
  EXPECT_EQ(after.c_iflag, before.c_iflag);
}

TEST_F(LineEditorTest, TakesOverWhatOthersChanged) {
  typed("half");
  set_canonical(pty.slave.get());  // as a shell does that shows its prompt meanwhile
  editor->resume();
  termios settings{};
  ASSERT_EQ(::tcgetattr(pty.slave.get(), &settings), 0);
  EXPECT_EQ(settings.c_lflag & static_cast<tcflag_t>(ICANON), 0U);
  EXPECT_THAT(screen.lines(), ElementsAre("> half"));
}

}  // namespace
}  // namespace bunshin::testing
