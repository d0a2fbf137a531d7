// What only a pseudo-terminal or a pipe has, and files that are neither: regular ones, /dev/null, a
// directory, a socket. Always with a socket in the same reactor.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <termios.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "tests/handlers/file_case.h"

namespace bunshin::testing {
namespace {

using ::testing::IsEmpty;

class SpecialFileTest : public FileCase, public ::testing::WithParamInterface<std::string> {
 protected:
  SpecialFileTest() : FileCase(GetParam()) {}
  static UniqueFd open(const std::string& path, int flags) {
    return UniqueFd(::open(path.c_str(), flags | O_CLOEXEC));
  }
  static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};
BUNSHIN_EVERY_ENGINE(SpecialFileTest);

// Trap 8: regular files and /dev/null never enter an engine.
TEST_P(SpecialFileTest, ARegularFileIsReadToItsEnd) {
  const std::string text = pattern(3 * 1024 * 1024);
  const std::string path = make_file(text);
  reactor.emplace<File>(notes, open(path, O_RDONLY));
  ping();
  run_until([&] { return notes.destroyed; });
  EXPECT_TRUE(notes.received == text);
  EXPECT_EQ(notes.close_error, 0);
}

TEST_P(SpecialFileTest, AnInheritedRegularFileIsReadToItsEnd) {
  const std::string text = pattern(300 * 1024);
  const UniqueFd original = open(make_file(text), O_RDONLY);
  reactor.emplace<File>(notes, Inherited{original.get()});
  run_until([&] { return notes.destroyed; });
  EXPECT_TRUE(notes.received == text);
  EXPECT_FALSE(is_nonblocking(original.get()));
}

TEST_P(SpecialFileTest, ARegularFileIsWritten) {
  const std::string text = pattern(300 * 1024);
  const std::string path = make_file("");
  auto& file = reactor.emplace<File>(notes, open(path, O_WRONLY | O_APPEND));
  EXPECT_TRUE(file.send(text));
  file.close_when_done();
  run_until([&] { return notes.destroyed; });
  EXPECT_TRUE(content(path) == text);
}

TEST_P(SpecialFileTest, AnInheritedRegularFileIsWrittenWhereItsOwnerIs) {
  const std::string path = make_file("");
  const UniqueFd original = open(path, O_WRONLY);
  write_all(original.get(), "before ");
  auto& file = reactor.emplace<File>(notes, Inherited{original.get()});
  file.send(pattern(2000));
  file.close_when_done();
  run_until([&] { return notes.destroyed; });
  write_all(original.get(), " after");
  EXPECT_TRUE(content(path) == "before " + pattern(2000) + " after");
}

TEST_P(SpecialFileTest, DevNullIsEmptyAndTakesEverything) {
  reactor.emplace<File>(notes, Inherited{open("/dev/null", O_RDWR).get()}).send("to nobody");
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.received, "");
  EXPECT_EQ(notes.close_error, 0);
}

TEST_P(SpecialFileTest, AnEndlessFileStarvesNobody) {
  auto& file = reactor.emplace<File>(notes, open("/dev/zero", O_RDONLY));
  for (int count = 0; count < 10; ++count) {
    ping();
    notes.received.clear();
  }
  file.close();
}

TEST_P(SpecialFileTest, ADirectoryIsAnError) {
  const UniqueFd original = open(std::filesystem::temp_directory_path(), O_RDONLY);
  ASSERT_TRUE(original);
  for (const bool inherited : {true, false}) {
    try {
      if (inherited) {
        File(reactor, notes, Inherited{original.get()});
      } else {
        File(reactor, notes, UniqueFd(::dup(original.get())));
      }
      FAIL() << "accepted";
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), EISDIR) << error.what();
    }
  }
}

TEST_P(SpecialFileTest, ADescriptorThatIsNotOpenIsAnError) {
  EXPECT_THROW(File(reactor, notes, Inherited{4321}), std::system_error);
  EXPECT_THROW(File(reactor, notes, UniqueFd()), std::system_error);
}

TEST_P(SpecialFileTest, AnInheritedSocketIsASocket) {
  for (const Family family : {Family::ipv4, Family::unix_domain}) {
    notes = Notes();
    Connection connection = make_connection(family);
    auto& file = reactor.emplace<File>(notes, Inherited{connection.ours.get()});
    connection.peer.send("hello");
    wait_for("hello");
    EXPECT_TRUE(file.send("and back"));
    file.shut_down_when_done();
    EXPECT_EQ(receive_all(connection.peer), "and back");
    EXPECT_FALSE(is_nonblocking(connection.ours.get()));
    connection.peer.close();
    run_until([&] { return notes.destroyed; });
    EXPECT_EQ(notes.close_error, 0);
    EXPECT_TRUE(is_open(connection.ours.get()));
  }
}

// Trap 2: a master whose slave was closed says EIO, and comes back to life with the next one.
TEST_P(SpecialFileTest, AMasterWaitsForTheNextSlave) {
  Pty pty = make_pty();
  reactor.emplace<File>(notes, std::move(pty.master));
  write_all(pty.slave.get(), "first ");
  wait_for("first ");
  pty.slave.reset();
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_FALSE(notes.destroyed);
  for (const std::string name : {"second ", "third "}) {
    const std::string all = notes.received + name;
    const UniqueFd slave = pty.open_slave();
    write_all(slave.get(), name);
    wait_for(all);
  }
  EXPECT_EQ(notes.closes, 0);
}

TEST_P(SpecialFileTest, AnInheritedMasterWaitsForTheNextSlaveToo) {
  Pty pty = make_pty();
  reactor.emplace<File>(notes, Inherited{pty.master.get()});
  pty.slave.reset();
  EXPECT_LT(rounds_in(), kFewRounds);
  const UniqueFd slave = pty.open_slave();
  write_all(slave.get(), "hello");
  wait_for("hello");
}

TEST_P(SpecialFileTest, AnInheritedMasterIsNotAnotherOne) {
  Pty pty = make_pty();
  auto& file = reactor.emplace<File>(notes, Inherited{pty.master.get()});
  EXPECT_FALSE(is_nonblocking(pty.master.get()));
  const std::string text = pattern(100 * 1024);
  file.send(text);
  EXPECT_GT(file.buffered(), 0U) << "it would have blocked";
  EXPECT_TRUE(drain(pty.slave.get(), text.size()) == text);
}

// Trap 2: with VMIN=0 a read of nothing means nothing.
TEST_P(SpecialFileTest, AReadOfNothingFromATtyIsNotTheEnd) {
  Pty pty = make_pty();
  set_min_bytes(pty.slave.get(), 0);
  reactor.emplace<File>(notes, std::move(pty.slave));
  write_all(pty.master.get(), "one");
  wait_for("one");
  EXPECT_LT(rounds_in(), kFewRounds);
  write_all(pty.master.get(), "two");
  wait_for("onetwo");
  EXPECT_EQ(notes.closes, 0);
}

TEST_P(SpecialFileTest, ControlDEndsWhatIsTyped) {
  Pty pty = make_pty();
  set_canonical(pty.slave.get());
  reactor.emplace<File>(notes, Inherited{pty.slave.get()});
  write_all(pty.master.get(), "a line\n");
  wait_for("a line\n");
  write_all(pty.master.get(), "\x04");
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.close_error, 0);
}

// Trap 15: a tty that is stopped takes nothing, and must not wake the loop for ever.
TEST_P(SpecialFileTest, AStoppedTtyIsWaitedFor) {
  Pty pty = make_pty();
  const UniqueFd control = pty.open_slave();
  auto& file = reactor.emplace<File>(notes, std::move(pty.slave));
  ASSERT_EQ(::tcflow(control.get(), TCOOFF), 0);
  const std::string text = pattern(20 * 1024);
  file.send(text);
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(file.buffered(), text.size());
  ASSERT_EQ(::tcflow(control.get(), TCOON), 0);
  EXPECT_TRUE(drain(pty.master.get(), text.size()) == text);
}

// Nobody may ever open the slave again.
TEST_P(SpecialFileTest, AMasterWithOutputAndNoSlaveEndsWhenItIsToldTo) {
  Pty pty = make_pty();
  auto& file = reactor.emplace<File>(notes, std::move(pty.master));
  file.send(pattern(100'000));
  pty.slave.reset();
  EXPECT_LT(rounds_in(), kFewRounds);
  ASSERT_GT(file.buffered(), 0U);
  file.close_when_done(20ms);
  EXPECT_LT(rounds_in(5ms), kFewRounds);
  run_until([&] { return notes.destroyed; });
}

TEST_P(SpecialFileTest, AMasterThatEndsSendsWhatItOwesToWhoeverOpensTheSlave) {
  Pty pty = make_pty();
  auto& file = reactor.emplace<File>(notes, std::move(pty.master));
  file.send(pattern(100'000));
  pty.slave.reset();
  settle();
  file.close_when_done(30s);
  pty.slave = pty.open_slave();
  run_until([&] {
    if (!notes.destroyed) read_now(pty.slave.get());
    return notes.destroyed;
  });
}

}  // namespace
}  // namespace bunshin::testing
