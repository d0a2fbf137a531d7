// Trap 12: SIGPIPE, EINTR, ECONNABORTED, ENOBUFS, ETIMEDOUT. (EIO of an unplugged tty is with
// trap 2.)

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/fixture.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

class ErrorTrapsTest : public SettingCase {
 protected:
  /// Where the engine accepts, connects and sends by plain system calls, which can be made to fail.
  [[nodiscard]] bool plain_calls() const { return GetParam().engine != "io_uring"; }
};
BUNSHIN_EVERY_SETTING(ErrorTrapsTest);

TEST_P(ErrorTrapsTest, Trap12_SigpipeEndsNobody) {
  auto [handler, peer] = connected();
  handler.expect_close();
  peer.close();
  handler.pause_reading();
  handler.on_write = [&, &handler = handler] { reactor.send(handler, "into the void"); };
  handler.want_write(true);
  struct sigaction ours {};
  struct sigaction before {};
  ours.sa_handler = SIG_DFL;  // as for a program that insists on it
  ::sigaction(SIGPIPE, &ours, &before);
  run_until([&handler = handler] { return handler.closes == 1; });
  ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_P(ErrorTrapsTest, Trap12_ASignalEndsNeitherWaitNorOperation) {
  struct sigaction ours {};
  struct sigaction before {};
  ours.sa_handler = [](int) {};  // without SA_RESTART
  ::sigaction(SIGUSR1, &ours, &before);
  auto [handler, peer] = connected();
  handler.collect();
  const auto own = ::pthread_self();
  std::atomic<bool> done{false};
  std::thread disturber([&] {
    while (!done) {
      ::pthread_kill(own, SIGUSR1);
      std::this_thread::sleep_for(100us);
    }
  });
  int ticks = 0;
  reactor.call_every(2ms, [&, &peer = peer] {
    ++ticks;
    peer.send("x");
  });
  run_until([&, &handler = handler] { return ticks >= 20 && handler.received.size() >= 20; });
  done = true;
  disturber.join();
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_P(ErrorTrapsTest, Trap12_InterruptedOperationsAreRepeated_WhereTheReactorReceives) {
  if (!plain_calls()) return;
  auto [handler, peer] = connected();
  handler.collect();
  fail_next(Call::recv, EINTR, 3);
  peer.send("abc");  // takes none of the failures: they are for recv
  run_until([&handler = handler] { return handler.received == "abc"; });
  bool sent = false;
  handler.on_write = [&, &handler = handler] {
    sent = reactor.send(handler, "def").bytes == 3;
    handler.want_write(!sent);
  };
  fail_next(Call::send, EINTR, 3);
  handler.want_write(true);
  run_until([&] { return sent; });
  EXPECT_EQ(failures_left(Call::send), 0U);
}

TEST_P(ErrorTrapsTest, Trap12_AnAbortedConnectionIsPassedOver_WhereTheReactorAccepts) {
  if (!plain_calls()) return;
  std::vector<UniqueFd> accepted;
  SocketAddress address;
  listen([&](UniqueFd fd) { accepted.push_back(std::move(fd)); }, address);
  for (const int error : {ECONNABORTED, EINTR, EPROTO, ENETDOWN}) {
    const std::size_t before = accepted.size();
    fail_next(Call::accept, error);
    const Peer peer(address);
    run_until([&] { return accepted.size() == before + 1; });
    EXPECT_EQ(failures_left(Call::accept), 0U);
  }
  EXPECT_TRUE(log.lines().empty());
}

TEST_P(ErrorTrapsTest, Trap12_NoBufferSpaceIsNotTheEndAndNotForever_WhereTheReactorSends) {
  if (!plain_calls()) return;
  auto [handler, peer] = connected();
  bool sent = false;
  handler.on_write = [&, &handler = handler] {
    sent = reactor.send(handler, "abc").bytes == 3;
    handler.want_write(!sent);
  };
  fail_next(Call::send, ENOBUFS, 3);
  handler.want_write(true);
  // There is no edge to wait for: the socket was writable all the time.
  const auto rounds = reactor.stats().rounds;
  run_until([&] { return sent; });
  EXPECT_LT(reactor.stats().rounds - rounds, 100U);
  EXPECT_EQ(failures_left(Call::send), 0U);
  EXPECT_EQ(receive(peer, 3), "abc");
}

TEST_P(ErrorTrapsTest, Trap12_ATimedOutConnectionIsAFailureThatIsTold_WhereTheReactorReceives) {
  if (!plain_calls()) return;
  auto [handler, peer] = connected();
  handler.collect().expect_close();
  fail_next(Call::recv, ETIMEDOUT);
  peer.send("x");
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(handler.close_error, ETIMEDOUT);
}

}  // namespace
}  // namespace bunshin::testing
