#include "reactor/custom_baud.h"

#include <asm/termbits.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "reactor/serial_line.h"
#include "tests/support/files.h"

namespace bunshin::testing {
namespace {

termios2 settings_of(int fd) {
  termios2 settings{};
  EXPECT_EQ(::ioctl(fd, TCGETS2, &settings), 0);
  return settings;
}

TEST(CustomBaud, RatesWithoutAName) {
  const Pty pty = make_pty();
  for (const int baud : {250'000, 74'880, 31'250, 12'345'678}) {
    const auto line = open_serial_line(pty.slave_path, {baud});
    const termios2 settings = settings_of(pty.slave.get());
    EXPECT_EQ(settings.c_ospeed, static_cast<speed_t>(baud));
    EXPECT_EQ(settings.c_ispeed, static_cast<speed_t>(baud));
    EXPECT_EQ(settings.c_cflag & CSIZE, static_cast<tcflag_t>(CS8)) << "the rest stays";
    EXPECT_EQ(settings.c_lflag & (ICANON | ECHO), 0U);
  }
}

TEST(CustomBaud, WhatIsNoTtySaysSo) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_EQ(set_custom_baud(null.get(), 250'000), ENOTTY);
  EXPECT_EQ(set_custom_baud(-1, 250'000), EBADF);
}

TEST(CustomBaud, ALineThatIsNotToDropDtrIsLeftSo) {
  const Pty pty = make_pty();
  termios2 settings = settings_of(pty.slave.get());
  settings.c_cflag |= HUPCL;
  ASSERT_EQ(::ioctl(pty.slave.get(), TCSETS2, &settings), 0);
  {
    const auto line = open_serial_line(pty.slave_path, {57600, true});
    EXPECT_NE(settings_of(pty.slave.get()).c_cflag & HUPCL, 0U);
  }
  EXPECT_NE(settings_of(pty.slave.get()).c_cflag & HUPCL, 0U);
  {
    const auto line = open_serial_line(pty.slave_path, {57600, false});
    EXPECT_EQ(settings_of(pty.slave.get()).c_cflag & HUPCL, 0U);
  }
  EXPECT_EQ(settings_of(pty.slave.get()).c_cflag & HUPCL, 0U) << "closing it would drop DTR";
}

TEST(CustomBaud, WhatIsABaudRate) {
  EXPECT_TRUE(is_baud(1));
  EXPECT_TRUE(is_baud(20'000'000));
  EXPECT_FALSE(is_baud(0));
  EXPECT_FALSE(is_baud(-9600));
  EXPECT_FALSE(is_baud(20'000'001));
}

}  // namespace
}  // namespace bunshin::testing
