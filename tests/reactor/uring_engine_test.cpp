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
#include <system_error>

#include "reactor/engine.h"
#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

ReactorOptions few_buffers() {
  ReactorOptions options;
  options.engine_options = {4, 4096};
  return options;
}

class UringEngine : public ReactorFixture {
 protected:
  UringEngine() : ReactorFixture("io_uring", few_buffers()) {}

  template <typename Handler = TestHandler>
  std::pair<Handler&, Peer> connected() {
    Connection connection = make_connection(Family::ipv4);
    return {add<Handler>(std::move(connection.ours), Kind::inet_stream), std::move(connection.peer)};
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

/// Runs `function` in a process of its own; what it returns is the exit status.
int in_child(int (*function)()) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(function());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// 0 when io_uring works, 1 when it is refused with a sentence that holds `hint` and names an engine
/// that can be had instead, 2 otherwise.
int try_uring(std::string_view hint) {
  try {
    make_engine("io_uring");
    return 0;
  } catch (const std::system_error& error) {
    const std::string_view text = error.what();
    return text.find(hint) != text.npos && text.find("epoll") != text.npos ? 1 : 2;
  }
}

TEST(UringEngineRefused, BySeccomp) {
  EXPECT_EQ(in_child([] {
              sock_filter filter[] = {
                  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
                  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
              };
              const sock_fprog program{4, filter};
              if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 3;
              if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 4;
              if (make_engine("auto") == nullptr) return 5;
              return try_uring("seccomp");
            }),
            1);
}

/// Kernels differ in what they count: either it works, or it says what is lacking.
TEST(UringEngineRefused, ForWantOfLockedMemory) {
  const int result = in_child([] {
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) return 3;
    if (::getuid() == 0 && ::setuid(65534) != 0) return 4;  // root is exempt
    if (make_engine("auto") == nullptr) return 5;
    return try_uring("RLIMIT_MEMLOCK");
  });
  EXPECT_TRUE(result == 0 || result == 1) << result;
}

}  // namespace
}  // namespace bunshin::testing
