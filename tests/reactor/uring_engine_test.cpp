// What can go wrong with an engine that completes operations. (The conformance suite runs on it as
// on all others.)

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <system_error>
#include <vector>

#include "reactor/engine.h"
#include "tests/support/fixture.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

ReactorOptions few_buffers() {
  ReactorOptions options;
  options.engine_options = {4, 4096};
  return options;
}

class UringEngine : public ReactorFixture {
 protected:
  explicit UringEngine(ReactorOptions options = few_buffers())
      : ReactorFixture("io_uring", std::move(options)) {}

  template <typename Handler = TestHandler>
  std::pair<Handler&, Peer> connected() {
    Connection connection = make_connection(Family::ipv4);
    return {add<Handler>(std::move(connection.ours), Kind::inet_stream),
            std::move(connection.peer)};
  }

  /// A thousand pings must come back while somebody else's bytes wait.
  void ping() {
    auto [handler, peer] = connected();
    handler.on_read = [this, &handler = handler] {
      const std::string data(reactor.recv(handler, 100));
      if (!data.empty()) reactor.send(handler, data);
    };
    for (int count = 0; count < 1000; ++count) {
      peer.send("ping");
      ASSERT_EQ(receive(peer, 4), "ping") << count;
    }
    handler.close();
  }
};

TEST_F(UringEngine, APausedFlooderTakesNobodysBuffers) {
  auto [flooded, flooder] = connected();
  flooded.collect().pause_reading();
  const std::string sent = pattern(1'000'000);
  std::size_t taken = flooder.send_now(sent);
  ping();
  EXPECT_EQ(flooded.received, "");
  flooded.resume_reading();
  run_until([&, &flooded = flooded, &flooder = flooder] {
    taken += flooder.send_now(std::string_view(sent).substr(taken));
    return flooded.received.size() == sent.size();
  });
  EXPECT_TRUE(flooded.received == sent);
}

TEST_F(UringEngine, AFlooderWhoIsNotReadTakesNobodysBuffers) {
  auto [flooded, flooder] = connected<AskedHandler>();
  flooded.collect();
  flooded.wants_read = false;
  const std::string sent = pattern(1'000'000);
  std::size_t taken = flooder.send_now(sent);
  ping();
  EXPECT_EQ(flooded.received, "");
  flooded.wants_read = true;
  run_until([&, &flooded = flooded, &flooder = flooder] {
    taken += flooder.send_now(std::string_view(sent).substr(taken));
    return flooded.received.size() == sent.size();
  });
  EXPECT_TRUE(flooded.received == sent);
}

/// What is received is sent from where it lies: those who do not read what they are sent may hold
/// half of the buffers, not all.
class ManyBuffersUringEngine : public UringEngine {
 protected:
  static ReactorOptions options() {
    ReactorOptions options;
    options.engine_options = {16, 4096};
    return options;
  }
  ManyBuffersUringEngine() : UringEngine(options()) {}

  /// Echoes, and reads no more when it can not send.
  void echo(TestHandler& handler) {
    handler.on_read = [this, &handler] {
      const std::string_view data = reactor.recv(handler);
      if (reactor.send(handler, data).bytes < data.size()) handler.pause_reading();
    };
  }
};

TEST_F(ManyBuffersUringEngine, ThoseWhoDoNotReadLeaveBuffersForTheOthers) {
  std::vector<std::pair<TestHandler&, Peer>> silent;
  const std::string piece = pattern(64 * 1024);
  for (int count = 0; count < 3; ++count) {
    silent.push_back(connected());
    auto& [handler, peer] = silent.back();
    echo(handler);
    peer.set_receive_buffer(4096);
    // Until nothing moves any more: what the kernel has no room for lies in the buffers.
    for (int stuck = 0; stuck < 20; ++stuck) {
      if (peer.send_now(piece) > 0) stuck = 0;
      run_rounds(4);
    }
  }
  ping();
  for (auto& [handler, peer] : silent) handler.close();
  ping();
}

TEST_F(ManyBuffersUringEngine, WhatIsLentOnArrivesWholeInWhateverPieces) {
  auto [handler, peer] = connected();
  const std::string sent = pattern(3'000'000);
  std::string kept, got;
  std::size_t calls = 0;
  handler.on_read = [&, &handler = handler] {
    // Parts of a buffer, a buffer in two sends, and with text of one's own between.
    const std::string_view data = reactor.recv(handler, ++calls % 3 == 0 ? 1500 : 100'000);
    const std::size_t half = calls % 2 == 0 ? data.size() : data.size() / 2;
    for (const auto part : {data.substr(0, half), data.substr(half)}) {
      if (part.empty()) continue;
      const std::size_t taken = kept.empty() ? reactor.send(handler, part).bytes : 0;  // in order
      kept += part.substr(taken);
    }
    if (!kept.empty()) handler.want_write(true);
    if (kept.size() > 100'000) handler.pause_reading();
  };
  handler.on_write = [&, &handler = handler] {
    kept.erase(0, reactor.send(handler, kept).bytes);
    if (!kept.empty()) return;
    handler.want_write(false);
    handler.resume_reading();
  };
  std::string_view rest = sent;
  run_until(
      [&, &peer = peer] {
        rest.remove_prefix(peer.send_now(rest));
        while (peer.readable()) got += peer.receive_some(100'000);
        return got.size() == sent.size();
      },
      20s);
  EXPECT_TRUE(got == sent);
}

TEST_F(UringEngine, ClosingWithAReceivePendingSendsTheEnd) {
  auto [handler, peer] = connected();
  settle();  // the receive is in the kernel now, and would keep the FIN from being sent
  handler.close();
  EXPECT_EQ(receive_all(peer), "");
}

TEST_F(UringEngine, WhatWasSentBeforeClosingArrives) {
  auto [handler, peer] = connected();
  settle();
  const std::string sent = pattern(100'000);
  ASSERT_EQ(reactor.send(handler, sent).bytes, sent.size());
  handler.close();
  EXPECT_TRUE(receive_all(peer) == sent);
}

TEST_F(UringEngine, WhatIsSentBeforeTheReactorEndsArrives) {
  Connection connection = make_connection(Family::ipv4);
  {
    Reactor brief({"io_uring"});
    auto& handler = brief.emplace<TestHandler>();
    brief.add(handler, std::move(connection.ours), Kind::inet_stream);
    brief.send(handler, "good bye");
    handler.close();
  }
  EXPECT_EQ(connection.peer.receive_all(), "good bye");
}

ReactorOptions tiny_ring() {
  ReactorOptions options = few_buffers();
  options.engine_options.ring_entries = 1;
  return options;
}

/// Far more is to be done than the ring takes at once, or than the kernel takes just now.
class TinyUring : public UringEngine {
 protected:
  TinyUring() : UringEngine(tiny_ring()) {}

  /// So many connections, whose handlers answer.
  void connect(std::size_t count) {
    while (handlers.size() < count) {
      auto [handler, peer] = connected();
      handler.on_read = [this, &handler = handler] {
        const std::string data(reactor.recv(handler, 100));
        if (!data.empty()) reactor.send(handler, data);
      };
      handlers.push_back(&handler);
      peers.push_back(std::move(peer));
    }
  }
  void expect_answers() {
    for (Peer& peer : peers) peer.send("ping");
    for (Peer& peer : peers) EXPECT_EQ(receive(peer, 4), "ping");
  }

  std::vector<TestHandler*> handlers;
  std::vector<Peer> peers;
};

TEST_F(TinyUring, ServesMoreConnectionsThanItHasEntries) {
  connect(100);
  expect_answers();
  for (TestHandler* handler : handlers) handler->pause_reading();
  settle();
  for (Peer& peer : peers) peer.send("more");
  settle();
  for (TestHandler* handler : handlers) handler->resume_reading();
  for (Peer& peer : peers) EXPECT_EQ(receive(peer, 4), "more");
  for (TestHandler* handler : handlers) handler->close();
  for (Peer& peer : peers) EXPECT_EQ(receive_all(peer), "");
}

TEST_F(TinyUring, LosesNothingWhileTheKernelTakesNothing) {
  connect(20);
  expect_answers();
  constexpr std::size_t kNever = 1'000'000;
  fail_next(Call::enter, EAGAIN, kNever);
  for (std::size_t index = 0; index < handlers.size(); ++index) {
    if (index % 2 == 0) {
      reactor.send(*handlers[index], "good bye");
      handlers[index]->close();
    } else {
      handlers[index]->pause_reading();
      handlers[index]->resume_reading();
      reactor.send(*handlers[index], "hello");
    }
  }
  run_rounds(2);
  fail_next(Call::enter, 0, 0);
  for (std::size_t index = 0; index < peers.size(); ++index) {
    if (index % 2 == 0) {
      EXPECT_EQ(receive_all(peers[index]), "good bye");
    } else {
      EXPECT_EQ(receive(peers[index], 5), "hello");
      peers[index].send("ping");
      EXPECT_EQ(receive(peers[index], 4), "ping");
    }
  }
}

/// Removing leaves a cancellation behind for a number that is in use again at once.
TEST_F(TinyUring, APollIsCancelledEvenWhenItsNumberIsTaken) {
  BlockingPipe keep = make_blocking_pipe();
  set_nonblocking(keep.read.get());
  auto& first = add(UniqueFd(::dup(keep.read.get())), Kind::file, Model::drain);
  first.collect();
  settle();
  fail_next(Call::enter, EAGAIN, 1'000'000);
  const int number = first.descriptor();
  first.close();
  BlockingPipe other = make_blocking_pipe();
  set_nonblocking(other.read.get());
  auto& second = add(std::move(other.read), Kind::file, Model::drain);
  ASSERT_EQ(second.descriptor(), number);
  second.collect();
  run_rounds(2);
  fail_next(Call::enter, 0, 0);
  write_all(keep.write.get(), "lost");
  write_all(other.write.get(), "found");
  run_until([&] { return second.received == "found"; });
  second.close();
}

/// Runs `function` in a process of its own; what it returns is the exit status.
int in_child(int (*function)()) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      ::_exit(function());
    } catch (const std::exception& error) {
      std::cerr << error.what() << "\n";
    }
    ::_exit(99);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// 0 when io_uring works, 1 when it is refused with a sentence that holds `hint` and names an
/// engine that can be had instead, 2 otherwise.
int try_uring(std::string_view hint) {
  try {
    make_engine("io_uring");
    return 0;
  } catch (const std::system_error& error) {
    const std::string_view text = error.what();
    return text.find(hint) != text.npos && text.find("epoll") != text.npos ? 1 : 2;
  }
}

/// From now on `call` fails with EPERM in this process. False when that can not be had.
bool forbid(std::uint32_t call) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{4, filter};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// In a child, as an ordinary user: root is exempt from RLIMIT_MEMLOCK.
bool limit_locked_memory(rlim_t bytes) {
  const rlimit limit{bytes, bytes};
  return ::setrlimit(RLIMIT_MEMLOCK, &limit) == 0 && (::getuid() != 0 || ::setuid(65534) == 0);
}

TEST(UringEngineRefused, BySeccomp) {
  EXPECT_EQ(in_child([] {
              if (!forbid(SYS_io_uring_setup)) return 3;
              if (make_engine("auto") == nullptr) return 5;
              return try_uring("seccomp");
            }),
            1);
}

TEST(UringEngineRefused, ByASandboxThatAllowsAllButWaiting) {
  EXPECT_EQ(in_child([] {
              if (!forbid(SYS_io_uring_enter)) return 3;
              if (why_not("io_uring").empty()) return 4;
              return try_uring("seccomp");
            }),
            1);
}

/// Kernels differ in what they count: either it works, or it says what is lacking.
TEST(UringEngineRefused, ForWantOfLockedMemory) {
  const int result = in_child([] {
    if (!limit_locked_memory(0)) return 3;
    if (make_engine("auto") == nullptr) return 5;
    return try_uring("RLIMIT_MEMLOCK");
  });
  EXPECT_TRUE(result == 0 || result == 1) << result;
}

constexpr rlim_t kUsualLockedMemory = 8 * 1024 * 1024;  // Debian's, for all processes of a user

TEST(UringLockedMemory, HasRoomForManyReactorsAtOnce) {
  EXPECT_EQ(in_child([] {
              if (!limit_locked_memory(kUsualLockedMemory)) return 3;
              std::vector<std::unique_ptr<Engine>> engines;
              while (engines.size() < 40) engines.push_back(make_engine("io_uring"));
              return 0;
            }),
            0);
}

TEST(UringLockedMemory, OfAClosedReactorIsWaitedFor) {
  EXPECT_EQ(in_child([] {
              if (!limit_locked_memory(kUsualLockedMemory)) return 3;
              const EngineOptions large{.receive_buffers = 2, .ring_entries = 2048};
              for (int count = 0; count < 100; ++count) make_engine("io_uring", large);
              return 0;
            }),
            0);
}

}  // namespace
}  // namespace bunshin::testing
