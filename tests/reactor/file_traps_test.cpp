// The traps of ttys, pipes and files, of timers and of other threads. A connection in the same
// reactor has to go on working beside each.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <termios.h>

#include <array>
#include <cerrno>
#include <string>
#include <thread>

#include "tests/support/fixture.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

class FileTrapsTest : public EngineCase {
 protected:
  FileTrapsTest() : connection_(make_connection(Family::ipv4)) {
    beside_ = &add(std::move(connection_.ours), Kind::inet_stream);
    beside_->on_read = [this] {
      const std::string_view data = reactor.recv(*beside_, 100);
      if (!data.empty()) reactor.send(*beside_, data);
    };
  }
  void TearDown() override {
    reactor.for_each([this](EventHandler& handler) {
      if (&handler != beside_) handler.close();
    });
    the_socket_beside_works();
  }
  void the_socket_beside_works() {
    connection_.peer.send("still there?");
    EXPECT_EQ(receive(connection_.peer, 12), "still there?") << "the socket beside it suffers";
  }
  TestHandler& add_file(UniqueFd fd, Model model = Model::remembered) {
    set_nonblocking(fd.get());
    return add(std::move(fd), Kind::file, model);
  }
  static constexpr Model kModels[] = {Model::remembered, Model::drain, Model::level};

 private:
  Connection connection_;
  TestHandler* beside_ = nullptr;
};
BUNSHIN_EVERY_ENGINE(FileTrapsTest);

// --- 2: short reads and zeros of a tty ---

TEST_P(FileTrapsTest, Trap02_AShortReadOfATtyIsNotTheEnd) {
  Pty pty = make_pty();
  set_canonical(pty.slave.get());  // one line a read, however many wait
  auto& handler = add_file(std::move(pty.slave));
  handler.collect();
  handler.pause_reading();
  write_all(pty.master.get(), "one\ntwo\nthree\n");
  settle();
  handler.resume_reading();
  run_until([&] { return handler.received == "one\ntwo\nthree\n"; });
}

TEST_P(FileTrapsTest, Trap02_AZeroFromATtyWithoutAMinimumIsNotTheEnd) {
  Pty pty = make_pty();
  set_min_bytes(pty.slave.get(), 0);
  auto& handler = add_file(std::move(pty.slave));
  handler.collect();  // handle_close would fail the test
  for (const std::string text : {"abc", "def"}) {
    handler.received.clear();
    write_all(pty.master.get(), text);
    run_until([&] { return handler.received == text; });
    EXPECT_LT(rounds_in(30ms), kFewRounds);
  }
}

TEST_P(FileTrapsTest, Trap02_TheUsersEndOfFileOnATtyIsTheEnd) {
  Pty pty = make_pty();
  set_canonical(pty.slave.get());
  auto& handler = add_file(std::move(pty.slave));
  handler.collect().expect_close();
  write_all(pty.master.get(), "typed\n\x04");
  run_until([&] { return handler.closes == 1; });
  EXPECT_EQ(handler.received, "typed\n");
  EXPECT_EQ(handler.close_error, 0);
}

TEST_P(FileTrapsTest, Trap02_AHangUpOfATtyIsAFailure) {
  for (const auto min : std::array<unsigned char, 2>{1, 0}) {
    for (const Model model : kModels) {
      Pty pty = make_pty();
      set_min_bytes(pty.slave.get(), min);
      auto& handler = add_file(std::move(pty.slave), model);
      handler.collect().expect_close();
      settle();
      pty.master.reset();  // for the slave what unplugging is for a serial line
      run_until([&] { return handler.closes == 1; });
      EXPECT_EQ(handler.close_error, EIO);
    }
  }
}

TEST_P(FileTrapsTest, Trap02_AMasterThatHungUpLivesOnWhenASlaveOpens) {
  for (const Model model : kModels) {
    Pty pty = make_pty();
    auto& handler = add_file(std::move(pty.master), model);
    handler.collect();  // handle_close would fail the test
    for (const std::string text : {"first", "second", "third"}) {
      pty.slave.reset();
      EXPECT_LT(rounds_in(), kFewRounds) << "hung up it spins, model " << static_cast<int>(model);
      pty.slave = pty.open_slave();
      handler.received.clear();
      write_all(pty.slave.get(), text);
      run_until([&] { return handler.received == text; });
    }
    // And what is sent arrives.
    bool sent = false;
    handler.on_write = [&] {
      sent = reactor.send(handler, "answer").bytes == 6;
      handler.want_write(!sent);
    };
    handler.want_write(true);
    run_until([&] { return sent; });
    EXPECT_EQ(read_exactly(pty.slave.get(), 6), "answer");
    handler.close();
  }
}

TEST_P(FileTrapsTest, Trap02_AMasterWithOutputWaitsQuietlyForASlave) {
  for (const Model model : kModels) {
    for (const bool full_before : {true, false}) {
      Pty pty = make_pty();
      auto& handler = add_file(std::move(pty.master), model);
      handler.collect();
      std::size_t left = 100'000;
      handler.on_write = [&] {
        left -= reactor.send(handler, std::string(left, 'x')).bytes;
        if (left == 0) handler.want_write(false);
      };
      if (!full_before) pty.slave.reset();
      handler.want_write(true);
      settle();
      ASSERT_GT(left, 0U) << "the kernel takes all of it";
      pty.slave.reset();
      EXPECT_LT(rounds_in(), kFewRounds) << "spins, model " << static_cast<int>(model);
      pty.slave = pty.open_slave();
      run_until([&] {
        read_now(pty.slave.get());
        return left == 0;
      });
      handler.close();
    }
  }
}

TEST_P(FileTrapsTest, Trap02_AShortReadOfAPipeIsNotTheEnd) {
  for (const Model model : kModels) {
    BlockingPipe pipe = make_blocking_pipe();
    auto& handler = add_file(std::move(pipe.read), model);
    handler.collect(5).expect_close();
    write_all(pipe.write.get(), "0123456789ab");
    run_until([&] { return handler.received.size() == 12; });
    EXPECT_LT(rounds_in(30ms), kFewRounds);
    write_all(pipe.write.get(), "the rest");
    pipe.write.reset();
    run_until([&] { return handler.closes == 1; });
    EXPECT_EQ(handler.received, "0123456789abthe rest");
    EXPECT_EQ(handler.close_error, 0);
  }
}

// --- 8: what never enters an engine ---

TEST_P(FileTrapsTest, Trap08_ARegularFileIsReadToItsEnd) {
  const std::string content = pattern(1024 * 1024);
  UniqueFd file(::open(make_file(content).c_str(), O_RDONLY | O_CLOEXEC));
  auto& handler = add_file(std::move(file));
  handler.collect().expect_close();
  run_until([&] { return handler.closes == 1; });
  EXPECT_TRUE(handler.received == content);
  EXPECT_EQ(handler.close_error, 0);
}

TEST_P(FileTrapsTest, Trap08_ARegularFileIsWritten) {
  const std::string path = make_file("");
  auto& handler = add_file(UniqueFd(::open(path.c_str(), O_WRONLY | O_CLOEXEC)));
  handler.on_write = [&] {
    EXPECT_EQ(reactor.send(handler, "written").bytes, 7U);
    handler.close();
  };
  handler.want_write(true);
  rounds_in(10ms);
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(read_some(file.get()), "written");
}

TEST_P(FileTrapsTest, Trap08_DevNullIsAtItsEndAndAPausedFileDoesNotSpin) {
  auto& null = add_file(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  null.collect().expect_close();
  run_until([&] { return null.closes == 1; });
  UniqueFd file(::open(make_file("waits").c_str(), O_RDONLY | O_CLOEXEC));
  auto& paused = add_file(std::move(file));
  paused.collect().expect_close();
  paused.pause_reading();
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(paused.called, 0U);
  paused.resume_reading();
  run_until([&] { return paused.closes == 1; });
  EXPECT_EQ(paused.received, "waits");
}

TEST_P(FileTrapsTest, Trap08_AnEndlessFileStarvesNobody) {
  auto& zeros = add_file(UniqueFd(::open("/dev/zero", O_RDONLY | O_CLOEXEC)));
  std::size_t bytes = 0;
  zeros.on_read = [&] { bytes += reactor.recv(zeros, 65536).size(); };
  int ticks = 0;
  reactor.call_every(1ms, [&] { ++ticks; });
  run_until([&] { return ticks >= 5 && bytes > 0; });
  the_socket_beside_works();
}

TEST_P(FileTrapsTest, Trap08_ADirectoryIsAnError) {
  auto& handler = reactor.emplace<TestHandler>();
  UniqueFd folder(::open("/", O_RDONLY | O_CLOEXEC));
  try {
    reactor.add(handler, std::move(folder), Kind::file);
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EISDIR);
  }
}

TEST_P(FileTrapsTest, Trap08_ABlockingDescriptorStaysBlockingAndNeverBlocks) {
  BlockingPipe pipe = make_blocking_pipe();
  const UniqueFd shared(::fcntl(pipe.read.get(), F_DUPFD_CLOEXEC, 3));  // as other processes would
  auto& reader = reactor.emplace<TestHandler>();
  reader.collect().expect_close();
  reactor.add_blocking(reader, std::move(pipe.read));
  EXPECT_FALSE(is_nonblocking(shared.get()));
  write_all(pipe.write.get(), "abc");
  run_until([&] { return reader.received == "abc"; });
  EXPECT_LT(rounds_in(30ms), kFewRounds);
  // Filling a blocking pipe ends when it is full.
  const UniqueFd drain(::fcntl(shared.get(), F_DUPFD_CLOEXEC, 3));
  reader.close();
  run_rounds(1);
  auto& writer = reactor.emplace<TestHandler>();
  std::size_t sent = 0;
  writer.on_write = [&] { sent += reactor.send(writer, pattern(4096)).bytes; };
  reactor.add_blocking(writer, std::move(pipe.write));
  writer.want_write(true);
  EXPECT_LT(rounds_in(100ms), 200U);
  EXPECT_GT(sent, 30000U);
  const std::size_t full = sent;
  read_exactly(drain.get(), 20000);
  run_until([&] { return sent > full; });
}

// --- 10: timers ---

TEST_P(FileTrapsTest, Trap10_TimersThatArmThemselvesCancelOthersOrAreAlone) {
  int rearmed = 0;
  TimerId other;
  std::function<void()> again = [&] {
    if (++rearmed < 5) reactor.call_later(0ns, again);
  };
  reactor.call_later(0ns, again);
  reactor.call_later(1ms, [&] { EXPECT_TRUE(reactor.cancel(other)); });
  other = reactor.call_later(1ms, [] { FAIL() << "was cancelled"; });
  const TimerId far = reactor.call_later(24h * 365 * 250, [] { FAIL() << "centuries early"; });
  run_until([&] { return rearmed == 5; });
  EXPECT_LT(rounds_in(30ms), kFewRounds) << "a timer far ahead must not wake the loop";
  EXPECT_TRUE(reactor.cancel(far));
  bool alone = false;
  reactor.call_later(1ms, [&] { alone = true; });
  run_until([&] { return alone; });
  EXPECT_LT(rounds_in(30ms), kFewRounds);
}

TEST_P(FileTrapsTest, Trap10_TimersThatCameDueWhileTheLoopWasAsleep) {
  std::string order;
  reactor.call_every(1ms, [&] { order += 'r'; });
  reactor.call_later(3ms, [&] { order += 'b'; });
  reactor.call_later(2ms, [&] { order += 'a'; });
  std::this_thread::sleep_for(20ms);  // the program was busy, or the machine suspended
  reactor.run_once(0ns);
  EXPECT_EQ(order, "rab") << "each once, in order; what was missed is not made up for";
}

// --- 11: posts ---

TEST_P(FileTrapsTest, Trap11_PostsNoneLostAndOneWakeUpForMany) {
  constexpr int kMany = 10000;
  int ran = 0;
  settle();
  const auto before = reactor.stats().rounds;
  std::thread other([&] {
    for (int number = 0; number < kMany; ++number) reactor.post([&ran] { ++ran; });
  });
  other.join();
  run_until([&] { return ran == kMany; });
  EXPECT_LE(reactor.stats().rounds - before, 2U);
  EXPECT_LT(rounds_in(30ms), kFewRounds) << "the wake-up was not drained";
}

TEST_P(FileTrapsTest, Trap11_PostsNoneAfterStop) {
  bool after = false;
  reactor.post([&] {
    reactor.stop();
    EXPECT_FALSE(reactor.post([&] { after = true; }));
  });
  reactor.post([&] { after = true; });
  reactor.run();
  EXPECT_FALSE(reactor.post([&] { after = true; }));
  rounds_in(5ms);
  EXPECT_FALSE(after);
}

TEST_P(FileTrapsTest, Trap11_PostsRacingWithSleepAreNeverMissed) {
  int ran = 0;
  std::thread other([&] {
    for (int number = 0; number < 1000; ++number) {
      reactor.post([&ran] { ++ran; });
      std::this_thread::yield();
    }
  });
  Duration longest{};
  while (ran < 1000 && longest < 5s) {
    const auto began = Clock::now();
    reactor.run_once(5s);
    longest = std::max<Duration>(longest, Clock::now() - began);
  }
  other.join();
  EXPECT_LT(longest, 5s) << "slept although something was posted";
  for (int round = 0; ran < 1000 && round < 1000; ++round) reactor.run_once(0s);
}

// --- 15: a write to a tty that makes no progress ---

TEST_P(FileTrapsTest, Trap15_WritesToATtyThatMakeNoProgress) {
  for (const Model model : kModels) {
    Pty pty = make_pty();
    auto& handler = add_file(std::move(pty.slave), model);
    handler.collect();
    std::size_t sent = 0;
    handler.on_write = [&] { sent += reactor.send(handler, pattern(1000)).bytes; };
    handler.want_write(true);
    std::size_t full = 0;  // the kernel moves what was written from buffer to buffer for a while
    for (int time = 0; time < 50 && (sent == 0 || full != sent); ++time) {
      full = sent;
      rounds_in(20ms);
    }
    EXPECT_GT(full, 0U);
    EXPECT_LT(rounds_in(), kFewRounds) << "full it spins, model " << static_cast<int>(model);
    EXPECT_EQ(sent, full);
    EXPECT_EQ(read_exactly(pty.master.get(), full).size(), full);
    run_until([&] { return sent > full; });
    handler.close();
  }
}

TEST_P(FileTrapsTest, Trap15_AZeroLengthWriteReachesNoTty) {
  Pty pty = make_pty();
  auto& handler = add_file(std::move(pty.slave));
  handler.collect();
  settle();
  const std::size_t before = calls(Call::write);
  for (int time = 0; time < 5; ++time) {
    EXPECT_EQ(reactor.send(handler, "").bytes, 0U);
    run_rounds(1);
  }
  EXPECT_EQ(calls(Call::write), before);
  EXPECT_LT(rounds_in(), kFewRounds);
}

TEST_P(FileTrapsTest, Trap15_AWriteThatTakesNothingIsNotRepeatedForEver) {
  Pty pty = make_pty();
  auto& handler = add_file(std::move(pty.slave));
  handler.on_write = [&] { reactor.send(handler, "stuck"); };
  settle();
  fail_next(Call::write, 0, 1000000);  // 0 bytes each time
  handler.want_write(true);
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_GT(failures_left(Call::write), 999900U);
  fail_next(Call::write, 0, 0);
}

// --- 16: hung up and left registered ---

TEST_P(FileTrapsTest, Trap16_AHungUpTtyOrPipeLeftRegistered) {
  for (const Model model : kModels) {
    Pty pty = make_pty();
    auto& tty = add_file(std::move(pty.slave), model);
    tty.collect();
    tty.on_close = [] {};  // and does not close
    pty.master.reset();
    EXPECT_LT(rounds_in(30ms), kFewRounds) << "tty, model " << static_cast<int>(model);
    tty.close();
    BlockingPipe pipe = make_blocking_pipe();
    auto& writer = add_file(std::move(pipe.write), model);
    bool told = false;
    writer.on_close = [&, &writer = writer] {
      told = true;
      EXPECT_EQ(writer.error(), EPIPE);
    };
    pipe.read.reset();
    EXPECT_LT(rounds_in(30ms), kFewRounds) << "pipe, model " << static_cast<int>(model);
    EXPECT_TRUE(told) << "nobody reads any more: its writer should know";
    writer.close();
  }
}

}  // namespace
}  // namespace bunshin::testing
