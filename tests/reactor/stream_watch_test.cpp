#include "reactor/stream_watch.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <termios.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

class StreamWatchTest : public EngineCase {
 protected:
  /// Takes all the room there is in `fd` and returns how much that was.
  static std::size_t fill(int fd) { return write_now(fd, std::string(4 * 1024 * 1024, '.')); }
  /// Reads until `text` has come, with the loop running.
  void expect_last(int fd, const std::string& text) {
    std::string got;
    EXPECT_TRUE(run_until([&] {
      got += read_now(fd);
      return got.ends_with(text);
    })) << "after "
        << got.size() << " bytes";
  }

  BlockingPipe pipe = make_blocking_pipe();
  std::unique_ptr<StandardStream> stream = std::make_unique<StandardStream>(pipe.write.get());
  std::optional<StreamWatch> watch{std::in_place, reactor, *stream};
};
BUNSHIN_EVERY_ENGINE(StreamWatchTest);

TEST_P(StreamWatchTest, TheLoopWritesWhenThereIsRoom) {
  fill(pipe.write.get());
  stream->write("kept\n");
  EXPECT_LT(rounds_in(), kFewRounds) << "nothing to do until somebody reads";
  expect_last(pipe.read.get(), "kept\n");
  EXPECT_LT(rounds_in(), kFewRounds) << "nothing to write";
  EXPECT_FALSE(is_nonblocking(pipe.write.get())) << "others share it";
}

TEST_P(StreamWatchTest, WhatWasKeptBeforeAndWhatWasLost) {
  watch.reset();
  fill(pipe.write.get());
  for (int line = 0; line < 70; ++line) stream->write(std::string(1023, 'x') + "\n");
  watch.emplace(reactor, *stream);
  expect_last(pipe.read.get(), "x\nbunshin: 6 lines lost\n");
}

TEST_P(StreamWatchTest, AgainAndAgain) {
  for (int time = 0; time < 3; ++time) {
    fill(pipe.write.get());
    stream->write("kept\n");
    expect_last(pipe.read.get(), "kept\n");
  }
}

TEST_P(StreamWatchTest, AnyThreadMayWrite) {
  fill(pipe.write.get());
  std::thread other([&] { stream->write("kept\n"); });
  expect_last(pipe.read.get(), "kept\n");
  other.join();
}

TEST_P(StreamWatchTest, TheReaderLeaves) {
  fill(pipe.write.get());
  stream->write("kept\n");
  run_rounds(0);
  settle();
  pipe.read.reset();
  EXPECT_TRUE(run_until([&] { return stream->lost() == 1; }));
  stream->write("gone\n");
  EXPECT_EQ(stream->error(), EPIPE);
  EXPECT_LT(rounds_in(), kFewRounds);
}

TEST_P(StreamWatchTest, ATerminalWhoseOutputIsStopped) {
  const Pty pty = make_pty();
  auto terminal = std::make_unique<StandardStream>(pty.slave.get());
  const StreamWatch its_watch(reactor, *terminal);
  ASSERT_EQ(::tcflow(pty.slave.get(), TCOOFF), 0);
  terminal->write("kept\n");
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(read_now(pty.master.get()), "");
  ASSERT_EQ(::tcflow(pty.slave.get(), TCOON), 0);
  expect_last(pty.master.get(), "kept\n");
}

TEST_P(StreamWatchTest, ASocket) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd ours(ends[0]);
  const UniqueFd peer(ends[1]);
  auto socket = std::make_unique<StandardStream>(ours.get());
  const StreamWatch its_watch(reactor, *socket);
  fill(ours.get());
  socket->write("kept\n");
  expect_last(peer.get(), "kept\n");
}

TEST_P(StreamWatchTest, AFileIsNeverFull) {
  const std::string path = make_file("");
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  auto file = std::make_unique<StandardStream>(fd.get());
  const StreamWatch its_watch(reactor, *file);
  file->write("a line\n");
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(std::filesystem::file_size(path), 7U);
}

TEST_P(StreamWatchTest, DoesNotKeepTheLoopRunning) {
  fill(pipe.write.get());
  stream->write("kept\n");
  reactor.run();
  watch.reset();
  reactor.run();  // what was posted finds nobody
}

}  // namespace
}  // namespace bunshin::testing
