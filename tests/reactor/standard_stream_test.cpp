#include "reactor/standard_stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <termios.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "tests/support/files.h"

namespace bunshin::testing {
namespace {

using namespace std::chrono_literals;

/// Lines that together are longer than what a stream keeps.
std::string many_lines(std::size_t size) {
  std::string text;
  while (text.size() < size) text += "a line of some length that says which one it is\n";
  return text;
}

class StandardStreamTest : public ::testing::Test {
 protected:
  StandardStreamTest() { std::signal(SIGPIPE, SIG_IGN); }  // as a reactor does
  /// Takes all the room there is in the pipe.
  std::size_t fill() { return write_now(pipe.write.get(), std::string(4 * 1024 * 1024, '.')); }

  BlockingPipe pipe = make_blocking_pipe();
  std::unique_ptr<StandardStream> stream = std::make_unique<StandardStream>(pipe.write.get());
};

TEST_F(StandardStreamTest, WritesAtOnce) {
  stream->print("{} of {}\n", 3, "four");
  stream->write("and more\n");
  EXPECT_EQ(read_now(pipe.read.get()), "3 of four\nand more\n");
}

TEST_F(StandardStreamTest, KeepsWhatThereIsNoRoomForAndWritesItFirst) {
  const std::size_t filled = fill();
  stream->write("kept\n");
  EXPECT_EQ(read_exactly(pipe.read.get(), filled), std::string(filled, '.'));
  stream->write("next\n");
  EXPECT_EQ(read_now(pipe.read.get()), "kept\nnext\n");
  EXPECT_EQ(stream->lost(), 0U);
  EXPECT_FALSE(is_nonblocking(pipe.write.get())) << "others share it";
}

TEST_F(StandardStreamTest, WhatItCanNotKeepIsTold) {
  const std::size_t filled = fill();
  for (int line = 0; line < 70; ++line) stream->write(std::string(1023, 'x') + "\n");
  EXPECT_EQ(stream->lost(), 6U);
  // Depending on the pipe, its room is short of what is kept.
  std::string got = read_exactly(pipe.read.get(), filled);
  for (int time = 0; time < 3; ++time) {
    stream->write("next\n");
    got += read_now(pipe.read.get());
  }
  const auto gap = fmt::format("x\nbunshin: {} lines lost\nnext\n", stream->lost());
  EXPECT_NE(got.find(gap), got.npos);
}

TEST_F(StandardStreamTest, WhatCanNotBeWrittenIsLostAndTheReasonKept) {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  StandardStream broken(full.get());
  for (int line = 0; line < 3; ++line) broken.write("gone\n");
  EXPECT_EQ(broken.lost(), 3U);
  EXPECT_EQ(broken.error(), ENOSPC);
  ASSERT_EQ(::dup3(pipe.write.get(), full.get(), O_CLOEXEC), full.get());
  broken.write("there again\n");
  EXPECT_EQ(read_now(pipe.read.get()), "bunshin: 3 lines lost\nthere again\n");
}

TEST_F(StandardStreamTest, NobodyReads) {
  fill();
  stream->write("kept\n");
  pipe.read.reset();
  stream->write("gone\n");
  EXPECT_EQ(stream->lost(), 2U);
  EXPECT_EQ(stream->error(), EPIPE);
}

TEST_F(StandardStreamTest, FlushingIsBounded) {
  stream->flush(10s);
  const std::size_t filled = fill();
  stream->write("kept\n");
  const TimePoint began = Clock::now();
  stream->flush(20ms);
  EXPECT_LT(Clock::now() - began, 5s);
  EXPECT_EQ(stream->lost(), 1U);
  stream->write("gone\n");
  std::thread reader([&] { read_exactly(pipe.read.get(), filled); });
  stream->flush(10s);
  reader.join();
}

TEST_F(StandardStreamTest, FlushingWaitsForAReaderThatComes) {
  const std::size_t filled = fill();
  stream->write("kept\n");
  std::thread reader([&] { read_exactly(pipe.read.get(), filled); });
  stream->flush(10s);
  reader.join();
  EXPECT_EQ(read_now(pipe.read.get()), "kept\n");
}

TEST_F(StandardStreamTest, AResultIsWaitedFor) {
  const std::size_t filled = fill();
  stream->write("kept\n");
  const std::string result = many_lines(200'000);
  std::thread writer([&] { stream->write_waiting(result); });
  read_exactly(pipe.read.get(), filled);
  EXPECT_TRUE(read_exactly(pipe.read.get(), 5 + result.size()) == "kept\n" + result);
  writer.join();
  EXPECT_EQ(stream->lost(), 0U);
}

TEST_F(StandardStreamTest, ASocket) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd ours(ends[0]);
  UniqueFd peer(ends[1]);
  StandardStream socket(ours.get());
  write_now(ours.get(), std::string(4 * 1024 * 1024, '.'));
  socket.write("kept\n");
  while (read_now(peer.get()).ends_with(".")) {
  }
  socket.write("next\n");
  EXPECT_EQ(read_now(peer.get()), "kept\nnext\n");
  peer.reset();
  socket.write("gone\n");  // and no SIGPIPE
  EXPECT_EQ(socket.error(), EPIPE);
}

TEST_F(StandardStreamTest, AStoppedTerminal) {
  const Pty pty = make_pty();
  StandardStream terminal(pty.slave.get());
  ASSERT_EQ(::tcflow(pty.slave.get(), TCOOFF), 0);  // as ^S does
  terminal.write("kept\n");
  EXPECT_EQ(read_now(pty.master.get()), "");
  ASSERT_EQ(::tcflow(pty.slave.get(), TCOON), 0);
  terminal.write("next\n");
  EXPECT_EQ(read_now(pty.master.get()), "kept\nnext\n");
}

TEST_F(StandardStreamTest, ATerminalThatWentAway) {
  Pty pty = make_pty();
  StandardStream terminal(pty.slave.get());
  pty.master.reset();
  terminal.write("gone\n");
  EXPECT_EQ(terminal.error(), EIO);
}

/// Any other way to print would wait for whoever reads, or throw, or overtake what is kept.
TEST(StandardStreams, AreWrittenInNoOtherWay) {
  const std::filesystem::path root = BUNSHIN_SOURCE_DIR;
  const std::vector<std::string> ways{"fmt::print", " printf(",  "std::printf(", "fprintf(",
                                      "puts(",      "putc(",     "putchar(",     "perror(",
                                      "fwrite(",    "std::cout", "std::cerr",    "std::clog"};
  std::size_t files = 0;
  for (const std::string room : {"reactor", "handlers", "bridge", "tools"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / room)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cpp") continue;
      ++files;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        for (const std::string& way : ways) {
          EXPECT_EQ(line.find(way), line.npos) << entry.path() << " prints with " << way;
        }
      }
    }
  }
  EXPECT_GT(files, 40U) << "looked in the wrong place";
}

}  // namespace
}  // namespace bunshin::testing
