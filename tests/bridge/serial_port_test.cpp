#include "bridge/serial_port.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "tests/bridge/io_fixture.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;

class TestPort : public SerialPort {
 public:
  using SerialPort::SerialPort;
  void handle_opened() override { ++opened; }
  void handle_received(std::string_view bytes) override { received += bytes; }
  void handle_hung_up() override { ++hung_up; }
  std::string received;
  int opened = 0;
  int hung_up = 0;
};

class SerialPortTest : public EngineCase {
 protected:
  TestPort& make_port(const std::string& device, int baud = 57600) {
    return reactor.emplace<TestPort>(SerialConfig{device, baud}, kSoon);
  }
  TestPort& open_port(const std::string& device, int baud = 57600) {
    TestPort& port = make_port(device, baud);
    port.begin(AtStart::fail);
    return port;
  }
  /// Why `device` can not be opened.
  std::string refusal(const std::string& device) {
    TestPort& port = make_port(device);
    port.close();
    try {
      (void)open_serial_line(device, {});
      return "opened";
    } catch (const std::system_error& error) {
      return error.what();
    }
  }
  /// What leaves the line, until that is as much as `text`.
  void expect_written(const Pty& pty, std::string_view text) {
    std::string got;
    run_until([&] {
      got += read_now(pty.master.get());
      return got.size() >= text.size();
    });
    EXPECT_EQ(got, text);
  }
  void close(TestPort& port) {
    port.close();
    run_rounds(1);
  }
};
BUNSHIN_EVERY_ENGINE(SerialPortTest);

termios settings_of(const UniqueFd& tty) {
  termios settings{};
  EXPECT_EQ(::tcgetattr(tty.get(), &settings), 0);
  return settings;
}

bool is_exclusive(const UniqueFd& tty) {
  int exclusive = 0;
  EXPECT_EQ(::ioctl(tty.get(), TIOCGEXCL, &exclusive), 0);
  return exclusive != 0;
}

bool can_be_locked(const Pty& pty) {
  // By the side that is open: to open it again fails while the line is exclusive.
  const bool locked = ::flock(pty.slave.get(), LOCK_EX | LOCK_NB) == 0;
  ::flock(pty.slave.get(), LOCK_UN);
  return locked;
}

TEST_P(SerialPortTest, IsRaw8N1AtTheBaudAskedFor) {
  const Pty pty = make_pty();
  set_canonical(pty.slave.get());
  open_port(pty.slave_path);
  const termios settings = settings_of(pty.slave);
  EXPECT_EQ(settings.c_lflag & (ICANON | ECHO | ISIG | IEXTEN), 0U);
  EXPECT_EQ(settings.c_iflag & (IXON | IXOFF | ICRNL | INLCR | ISTRIP), 0U);
  EXPECT_EQ(settings.c_oflag & OPOST, 0U);
  EXPECT_EQ(settings.c_cflag & (CSIZE | PARENB | CSTOPB | CRTSCTS | CLOCAL | CREAD),
            static_cast<tcflag_t>(CS8 | CLOCAL | CREAD));
  EXPECT_EQ(settings.c_cc[VMIN], 1);
  EXPECT_EQ(settings.c_cc[VTIME], 0);
  EXPECT_EQ(::cfgetospeed(&settings), static_cast<speed_t>(B57600));
  EXPECT_TRUE(is_exclusive(pty.slave));
}

TEST_P(SerialPortTest, GivesTheLineBackAsItWas) {
  const Pty pty = make_pty();
  set_canonical(pty.slave.get());
  const termios before = settings_of(pty.slave);
  close(open_port(pty.slave_path, 9600));
  const termios after = settings_of(pty.slave);
  EXPECT_EQ(after.c_lflag, before.c_lflag);
  EXPECT_EQ(after.c_iflag, before.c_iflag);
  EXPECT_EQ(after.c_oflag, before.c_oflag);
  EXPECT_EQ(after.c_cflag, before.c_cflag);
  EXPECT_EQ(::cfgetospeed(&after), ::cfgetospeed(&before));
  EXPECT_FALSE(is_exclusive(pty.slave));
  EXPECT_TRUE(can_be_locked(pty));
}

TEST_P(SerialPortTest, TheReactorsEndGivesTheLineBackToo) {
  const Pty pty = make_pty();
  set_canonical(pty.slave.get());
  {
    ReactorOptions options;
    options.engine = GetParam();
    Reactor other(options);
    other.emplace<TestPort>(SerialConfig{pty.slave_path}).begin(AtStart::fail);
    EXPECT_EQ(settings_of(pty.slave).c_lflag & ICANON, 0U);
  }
  EXPECT_NE(settings_of(pty.slave).c_lflag & ICANON, 0U);
  EXPECT_TRUE(can_be_locked(pty));
}

TEST_P(SerialPortTest, EveryStandardRate) {
  const Pty pty = make_pty();
  const std::vector<std::pair<int, speed_t>> rates = {
      {300, B300}, {9600, B9600}, {115200, B115200}, {921600, B921600}, {4000000, B4000000}};
  for (const auto& [baud, constant] : rates) {
    TestPort& port = open_port(pty.slave_path, baud);
    const termios settings = settings_of(pty.slave);
    EXPECT_EQ(::cfgetospeed(&settings), constant);
    EXPECT_EQ(::cfgetispeed(&settings), constant);
    close(port);
  }
  EXPECT_FALSE(is_standard_baud(57601));
  EXPECT_FALSE(is_standard_baud(0));
  EXPECT_FALSE(is_standard_baud(-1));
}

TEST_P(SerialPortTest, WhatIsNotATtyIsNamed) {
  const std::string fifo = fresh_path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& path :
       {make_file("text"), std::string("/dev/null"), std::string("/"), fifo}) {
    EXPECT_THAT(refusal(path), HasSubstr(path + " is not a tty"));
  }
  EXPECT_THAT(refusal("/dev/no-such-line"), HasSubstr("there is no such serial device"));
}

TEST_P(SerialPortTest, NoPermissionSaysWhatToDo) {
  const Pty pty = make_pty();
  ASSERT_EQ(::fchmod(pty.slave.get(), 0), 0);
  const bool root = ::geteuid() == 0;
  ASSERT_TRUE(!root || ::seteuid(65534) == 0);
  const std::string reason = refusal(pty.slave_path);
  ASSERT_TRUE(!root || ::seteuid(0) == 0);
  EXPECT_THAT(reason, HasSubstr("no permission: add yourself to the dialout group"));
}

TEST_P(SerialPortTest, ASecondOneIsRefusedUntilTheFirstIsClosed) {
  const Pty pty = make_pty();
  TestPort& first = open_port(pty.slave_path);
  EXPECT_THAT(refusal(pty.slave_path), HasSubstr("is in use by another program"));
  // Trying has taken nothing from the first.
  write_all(pty.master.get(), "still ours");
  run_until([&] { return first.received == "still ours"; });
  close(first);
  EXPECT_EQ(refusal(pty.slave_path), "opened");
}

TEST_P(SerialPortTest, ALockOfAnotherProgramIsRespected) {
  const Pty pty = make_pty();
  set_canonical(pty.slave.get());
  const UniqueFd other = pty.open_slave();
  ASSERT_EQ(::flock(other.get(), LOCK_EX | LOCK_NB), 0);
  EXPECT_THAT(refusal(pty.slave_path), HasSubstr("is in use by another program"));
  EXPECT_NE(settings_of(pty.slave).c_lflag & ICANON, 0U) << "the owner's settings were changed";
}

TEST_P(SerialPortTest, EveryByteGoesBothWays) {
  const Pty pty = make_pty();
  TestPort& port = open_port(pty.slave_path);
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  EXPECT_TRUE(port.send(all));
  expect_written(pty, all);
  write_all(pty.master.get(), all);
  run_until([&] { return port.received.size() == all.size(); });
  EXPECT_EQ(port.received, all);
  EXPECT_LT(rounds_in(), kFewRounds);
}

TEST_P(SerialPortTest, MoreThanTheLineTakesWaitsAndIsSentInOrder) {
  const Pty pty = make_pty();
  TestPort& port = open_port(pty.slave_path);
  const std::string data = pattern(200'000);
  EXPECT_TRUE(port.send(data));
  EXPECT_GT(port.buffered(), 0U);
  EXPECT_LT(rounds_in(), kFewRounds) << "a full line must not spin";
  expect_written(pty, data);
}

TEST_P(SerialPortTest, ALineThatHangsUpIsOpenedAgain) {
  Pty pty = make_pty();
  LinePath line(pty.slave_path);
  TestPort& port = open_port(line.path());
  line.cut();
  pty = Pty();
  run_until([&] { return port.hung_up == 1; });
  EXPECT_FALSE(port.is_open());
  EXPECT_FALSE(port.send("nobody hears this"));
  EXPECT_LT(rounds_in(100ms), 200U) << "trying again must wait in between";
  pty = make_pty();
  line.lead_to(pty.slave_path);
  run_until([&] { return port.is_open(); });
  EXPECT_EQ(port.opened, 2);
  EXPECT_TRUE(port.send("again"));
  expect_written(pty, "again");
  EXPECT_EQ(log.count("hung up"), 1U);
  EXPECT_EQ(log.count("is open again"), 1U);
}

#ifdef __linux__
// Without being told it would be hours before anybody looks again.
TEST_P(SerialPortTest, ALineIsOpenedAsSoonAsItsNameIsThere) {
  constexpr Backoff::Limits kAges{1ms, 24h, 1ms};
  Pty pty = make_pty();
  LinePath line(pty.slave_path);
  line.cut();
  auto& port = reactor.emplace<TestPort>(SerialConfig{line.path()}, kAges);
  port.begin(AtStart::wait);
  rounds_in(500ms);  // the back-off has grown to hundreds of milliseconds, at the least
  line.lead_to(pty.slave_path);
  const auto there = Clock::now();
  run_until([&] { return port.is_open(); });
  EXPECT_LT(Clock::now() - there, 250ms);
  EXPECT_LT(rounds_in(), kFewRounds) << "nothing watches the name of a line that is open";
}
#endif

TEST_P(SerialPortTest, ABoardThatIsResetByBeingOpenedIsLeftAlone) {
  Pty pty = make_pty();
  SerialConfig config{pty.slave_path};
  config.settle = 200ms;
  auto& port = reactor.emplace<TestPort>(config, kSoon);
  const auto began = Clock::now();
  port.begin(AtStart::fail);
  EXPECT_FALSE(port.is_open());
  write_all(pty.master.get(), "what its boot loader says");
  run_until([&] { return port.opened == 1; });
  EXPECT_GE(Clock::now() - began, 200ms);
  EXPECT_TRUE(port.is_open());
  EXPECT_EQ(port.received, "");
  write_all(pty.master.get(), "hello");
  run_until([&] { return port.received == "hello"; });
}

TEST_P(SerialPortTest, ALineThatHangsUpWhileTheBoardStartsWasNeverOpen) {
  Pty pty = make_pty();
  SerialConfig config{pty.slave_path};
  config.settle = 60s;
  auto& port = reactor.emplace<TestPort>(config, kSoon);
  port.begin(AtStart::fail);
  pty = Pty();
  run_until([&] { return log.count("hung up") == 1; });
  EXPECT_EQ(port.opened, 0);
  EXPECT_EQ(port.hung_up, 0);
}

TEST_P(SerialPortTest, WhatWasBufferedWhenItHungUpIsNotSentLater) {
  Pty pty = make_pty();
  LinePath line(pty.slave_path);
  TestPort& port = open_port(line.path());
  port.send(std::string(200'000, 'o'));
  ASSERT_GT(port.buffered(), 0U);
  line.cut();
  pty = Pty();
  run_until([&] { return !port.is_open(); });
  pty = make_pty();
  line.lead_to(pty.slave_path);
  run_until([&] { return port.is_open(); });
  port.send("new");
  expect_written(pty, "new");
}

TEST_P(SerialPortTest, FinishingSendsWhatIsOwed) {
  const Pty pty = make_pty();
  set_canonical(pty.slave.get());
  TestPort& port = open_port(pty.slave_path);
  const std::string data = pattern(100'000);
  port.send(data);
  reactor.finish(5s);
  expect_written(pty, data);
  run_until([&] { return can_be_locked(pty); });
  EXPECT_NE(settings_of(pty.slave).c_lflag & ICANON, 0U);
}

TEST_P(SerialPortTest, ALineThatHangsUpWhileFinishingIsGivenUp) {
  Pty pty = make_pty();
  TestPort& port = open_port(pty.slave_path);
  port.send(std::string(100'000, 'x'));
  bool closed = false;
  reactor.finish(5s);
  settle();
  pty = Pty();
  run_until([&] {
    closed = true;
    reactor.for_each([&](EventHandler& handler) { closed = closed && &handler != &port; });
    return closed;
  });
  EXPECT_TRUE(closed);
}

TEST_P(SerialPortTest, FinishingWhileTheLineIsAwayEndsAtOnce) {
  Pty pty = make_pty();
  TestPort& port = open_port(pty.slave_path);
  pty = Pty();
  run_until([&] { return !port.is_open(); });
  reactor.finish(5s);
  const auto began = Clock::now();
  reactor.run();
  EXPECT_LT(Clock::now() - began, 2s);
}

}  // namespace
}  // namespace bunshin::testing
