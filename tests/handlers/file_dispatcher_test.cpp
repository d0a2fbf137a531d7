// On a pseudo-terminal and on a pipe, always with a socket in the same reactor.

#include "handlers/file_dispatcher.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <termios.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <system_error>

#include "handlers/echo.h"
#include "tests/handlers/noted.h"

namespace bunshin::testing {
namespace {

using ::testing::IsEmpty;

struct FileSetting {
  std::string engine;
  bool pty;
};

void PrintTo(const FileSetting& setting, std::ostream* out) {
  *out << setting.engine << (setting.pty ? " with a pty" : " with a pipe");
}

/// Ours is in the reactor, theirs is the test's.
struct Channel {
  UniqueFd ours;
  UniqueFd theirs;
};

/// A socket beside the files. After each case it still answers, and the loop comes to rest.
class FileCase : public ReactorFixture {
 protected:
  using File = Noted<FileDispatcher>;

  explicit FileCase(const std::string& engine) : ReactorFixture(engine) {
    Connection connection = make_connection(Family::ipv4);
    reactor.emplace<EchoHandler>(StreamSocket(std::move(connection.ours)));
    socket_ = std::move(connection.peer);
  }
  void TearDown() override {
    ping();
    bool rests = false;
    for (int tries = 0; tries < 20 && !rests; ++tries) rests = rounds_in(20ms) < kFewRounds;
    EXPECT_TRUE(rests) << "the loop spins";
    EXPECT_THAT(log.lines(), IsEmpty());
  }
  void ping() {
    socket_.send("ping");
    EXPECT_EQ(receive(socket_, 4), "ping");
  }
  /// Writes `text` to a non-blocking descriptor, the reactor running meanwhile.
  void pour(int fd, std::string_view text) {
    set_nonblocking(fd);
    run_until([&] {
      const ssize_t count = text.empty() ? 0 : ::write(fd, text.data(), text.size());
      if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
      return text.empty();
    });
  }
  /// Reads `size` bytes, or until the end, the reactor running meanwhile.
  std::string drain(int fd, std::size_t size = std::string::npos) {
    std::string all;
    bool ended = false;
    run_until([&] {
      pollfd entry{fd, POLLIN, 0};
      while (!ended && all.size() < size && ::poll(&entry, 1, 0) == 1) {
        char buffer[4096];
        const ssize_t count = ::read(fd, buffer, std::min(size - all.size(), sizeof buffer));
        ended = count <= 0;
        if (!ended) all.append(buffer, static_cast<std::size_t>(count));
      }
      return ended || all.size() == size;
    });
    return all;
  }
  void wait_for(const std::string& text) {
    run_until([&] { return notes.received.size() >= text.size(); });
    EXPECT_TRUE(notes.received == text);
  }

  Notes notes;

 private:
  Peer socket_;
};

class FileDispatcherTest : public FileCase, public ::testing::WithParamInterface<FileSetting> {
 protected:
  FileDispatcherTest() : FileCase(GetParam().engine) {}

  static Channel for_reading() {
    if (GetParam().pty) return pty();
    BlockingPipe pipe = make_blocking_pipe();
    return {std::move(pipe.read), std::move(pipe.write)};
  }
  static Channel for_writing() {
    if (GetParam().pty) return pty();
    BlockingPipe pipe = make_blocking_pipe();
    return {std::move(pipe.write), std::move(pipe.read)};
  }
  static int error_at_the_end() { return GetParam().pty ? EIO : 0; }

 private:
  static Channel pty() {
    Pty pair = make_pty();
    return {std::move(pair.slave), std::move(pair.master)};
  }
};

std::vector<FileSetting> file_settings() {
  std::vector<FileSetting> all;
  for (const std::string& engine : engines()) {
    all.push_back({engine, true});
    all.push_back({engine, false});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(On, FileDispatcherTest, ::testing::ValuesIn(file_settings()),
                         [](const auto& setting) {
                           return setting.param.engine + (setting.param.pty ? "_pty" : "_pipe");
                         });

TEST_P(FileDispatcherTest, ReadsWhatArrives) {
  auto [ours, theirs] = for_reading();
  reactor.emplace<File>(notes, std::move(ours));
  write_all(theirs.get(), "hel");
  wait_for("hel");
  ping();
  write_all(theirs.get(), "lo");
  wait_for("hello");
}

TEST_P(FileDispatcherTest, ReadsWhatWasThereBefore) {
  auto [ours, theirs] = for_reading();
  write_all(theirs.get(), "early");
  reactor.emplace<File>(notes, std::move(ours));
  wait_for("early");
}

TEST_P(FileDispatcherTest, WritesWhatIsSent) {
  auto [ours, theirs] = for_writing();
  auto& file = reactor.emplace<File>(notes, std::move(ours));
  EXPECT_TRUE(file.send("hello"));
  EXPECT_EQ(drain(theirs.get(), 5), "hello");
  EXPECT_EQ(file.buffered(), 0U);
  EXPECT_TRUE(file.send("again"));
  EXPECT_EQ(drain(theirs.get(), 5), "again");
}

TEST_P(FileDispatcherTest, AMegabyteArrives) {
  for (const Model model : {Model::remembered, Model::drain, Model::level}) {
    notes.received.clear();
    auto [ours, theirs] = for_reading();
    auto& file = reactor.emplace<File>(notes, std::move(ours), model);
    const std::string text = pattern(1024 * 1024);
    pour(theirs.get(), text);
    wait_for(text);
    file.close();
  }
}

TEST_P(FileDispatcherTest, AMegabyteIsSent) {
  for (const Model model : {Model::remembered, Model::drain, Model::level}) {
    auto [ours, theirs] = for_writing();
    auto& file = reactor.emplace<File>(notes, std::move(ours), model);
    const std::string text = pattern(1024 * 1024);
    EXPECT_TRUE(file.send(text));
    EXPECT_GT(file.buffered(), 0U);
    ping();
    EXPECT_TRUE(drain(theirs.get(), text.size()) == text);
    run_until([&file] { return file.buffered() == 0; });
    file.close();
  }
}

TEST_P(FileDispatcherTest, OneThatNobodyReadsDoesNotSpin) {
  auto [ours, theirs] = for_writing();
  auto& file = reactor.emplace<File>(notes, std::move(ours));
  file.send(pattern(1024 * 1024));
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_TRUE(file.reading_paused()) << "handle_full";
}

TEST_P(FileDispatcherTest, PausedOneIsReadLater) {
  auto [ours, theirs] = for_reading();
  auto& file = reactor.emplace<File>(notes, std::move(ours));
  file.pause_reading();
  write_all(theirs.get(), "waits");
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(notes.received, "");
  file.resume_reading();
  wait_for("waits");
}

TEST_P(FileDispatcherTest, TheEndComesBehindTheData) {
  for (const Model model : {Model::remembered, Model::drain, Model::level}) {
    notes = Notes();
    auto [ours, theirs] = for_reading();
    reactor.emplace<File>(notes, std::move(ours), model);
    write_all(theirs.get(), "last words");
    // What a master has not delivered yet dies with it, so that one is read first.
    if (GetParam().pty) wait_for("last words");
    theirs.reset();
    run_until([&] { return notes.destroyed; });
    EXPECT_EQ(notes.received, "last words");
    EXPECT_EQ(notes.closes, 1);
    EXPECT_EQ(notes.close_error, error_at_the_end());
  }
}

TEST_P(FileDispatcherTest, TheOtherSideLeavesWhileNothingIsSent) {
  auto [ours, theirs] = for_writing();
  reactor.emplace<File>(notes, std::move(ours));
  settle();
  theirs.reset();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.close_error, GetParam().pty ? EIO : EPIPE);
}

TEST_P(FileDispatcherTest, TheOtherSideLeavesWhileSomethingIsOwed) {
  auto [ours, theirs] = for_writing();
  reactor.emplace<File>(notes, std::move(ours)).send(pattern(1024 * 1024));
  settle();
  theirs.reset();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.closes, 1);
  EXPECT_EQ(notes.close_error, GetParam().pty ? EIO : EPIPE);
}

TEST_P(FileDispatcherTest, CloseWhenDoneSendsEverythingFirst) {
  auto [ours, theirs] = for_writing();
  auto& file = reactor.emplace<File>(notes, std::move(ours));
  const std::string text = pattern(300 * 1024);
  file.send(text);
  file.close_when_done();
  EXPECT_FALSE(file.send("more"));
  EXPECT_TRUE(drain(theirs.get(), text.size()) == text);
  run_until([&] { return notes.destroyed; });
}

TEST_P(FileDispatcherTest, InheritedStaysAsItWas) {
  auto [ours, theirs] = for_reading();
  auto& file = reactor.emplace<File>(notes, Inherited{ours.get()});
  EXPECT_NE(file.descriptor(), ours.get());
  EXPECT_FALSE(is_nonblocking(ours.get()));
  write_all(theirs.get(), "hello");
  wait_for("hello");
  EXPECT_FALSE(is_nonblocking(ours.get()));
  file.close();
  settle();
  EXPECT_TRUE(is_open(ours.get()));
  EXPECT_FALSE(is_nonblocking(ours.get()));
  write_all(theirs.get(), "others");
  EXPECT_EQ(read_some(ours.get()), "others");
}

TEST_P(FileDispatcherTest, InheritedForWritingStaysAsItWas) {
  auto [ours, theirs] = for_writing();
  auto& file = reactor.emplace<File>(notes, Inherited{ours.get()});
  const std::string text = pattern(300 * 1024);
  file.send(text);
  EXPECT_GT(file.buffered(), 0U) << "it would have blocked";
  EXPECT_TRUE(drain(theirs.get(), text.size()) == text);
  EXPECT_FALSE(is_nonblocking(ours.get()));
  file.close();
  settle();
  EXPECT_TRUE(is_open(ours.get()));
}

TEST_P(FileDispatcherTest, InheritedSeesTheEndWhenOnlyTheOriginalIsLeft) {
  auto [ours, theirs] = for_reading();
  reactor.emplace<File>(notes, Inherited{ours.get()});
  theirs.reset();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.close_error, error_at_the_end());
}

TEST_P(FileDispatcherTest, ClosingLeavesWhatWasNotReadToTheOthers) {
  auto [ours, theirs] = for_reading();
  auto& file = reactor.emplace<File>(notes, Inherited{ours.get()});
  file.pause_reading();
  write_all(theirs.get(), "for others");
  settle();
  if (GetParam().pty) file.send(pattern(20 * 1024));
  file.close_when_done();
  settle();
  if (GetParam().pty) drain(theirs.get(), 20 * 1024);
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(read_some(ours.get()), "for others");
}

/// What only one of the two has, and what is neither.
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
