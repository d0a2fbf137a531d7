// Trap 12: SIGPIPE, EINTR, ECONNABORTED, ENOBUFS, ETIMEDOUT. (EIO of an unplugged tty is with
// trap 2.)

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string>
#include <system_error>
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
      std::this_thread::sleep_for(100us);  // its pace; nothing waits for it
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
  for (const int error : {ENOBUFS, ENOMEM}) {
    sent = false;
    fail_next(Call::send, error, 3);
    handler.want_write(true);
    // There is no edge to wait for: the socket was writable all the time.
    const auto rounds = reactor.stats().rounds;
    run_until([&] { return sent; });
    EXPECT_LT(reactor.stats().rounds - rounds, 100U);
    EXPECT_EQ(failures_left(Call::send), 0U);
    EXPECT_EQ(receive(peer, 3), "abc");
  }
}

TEST_P(ErrorTrapsTest, Trap12_ReceivingWithoutMemoryIsTriedAgain_WhereTheReactorReceives) {
  if (!plain_calls()) return;
  for (const Model model : {Model::remembered, Model::level}) {
    auto [handler, peer] = connected(model);
    handler.collect();
    for (const int error : {ENOBUFS, ENOMEM}) {
      handler.received.clear();
      fail_next(Call::recv, error, 3);
      peer.send("x");
      const auto rounds = reactor.stats().rounds;
      run_until([&handler = handler] { return handler.received == "x"; });
      EXPECT_LT(reactor.stats().rounds - rounds, 100U);
    }
    handler.close();
  }
}

TEST_P(ErrorTrapsTest, Trap12_CallsInterruptedWithoutEndLeaveTheOthersTheirTurn) {
  if (!plain_calls()) return;
  constexpr std::size_t kMany = 1'000'000;
  auto [handler, peer] = connected();
  handler.collect();
  handler.on_write = [&, &handler = handler] { reactor.send(handler, "x"); };
  SocketAddress address;
  listen([](UniqueFd) {}, address);
  const Peer client(address);
  peer.send("x");
  handler.want_write(true);
  for (const Call call : {Call::recv, Call::send, Call::accept}) fail_next(call, EINTR, kMany);
  run_rounds(3);
  for (const Call call : {Call::recv, Call::send, Call::accept}) {
    EXPECT_LT(failures_left(call), kMany);
    EXPECT_GT(failures_left(call), kMany / 2);
    fail_next(call, 0, 0);
  }
}

// --- A server and its errors ---

TEST_P(ErrorTrapsTest, Trap12_WhatMayPassIsWaitedOut_WhereTheReactorAccepts) {
  if (!plain_calls()) return;
  std::vector<UniqueFd> accepted;
  SocketAddress address;
  TestHandler& listener = listen([&](UniqueFd fd) { accepted.push_back(std::move(fd)); }, address);
  for (const int error : {EACCES, EINVAL, EIO, ENOSPC}) {
    const std::size_t before = accepted.size();
    fail_next(Call::accept, error);
    const Peer peer(address);
    run_until([&] { return accepted.size() == before + 1; });
    EXPECT_EQ(failures_left(Call::accept), 0U);
  }
  EXPECT_FALSE(listener.closed());
  EXPECT_EQ(log.count("cannot accept"), 1U) << "one line a period";
}

TEST_P(ErrorTrapsTest, Trap12_AnExceptionWhileAcceptingIsThatConnectionsAlone) {
  std::vector<UniqueFd> accepted;
  SocketAddress address;
  TestHandler& listener = listen({}, address);
  listener.on_accept = [&] {
    Accepted one = reactor.accept(listener);
    if (!one) return;
    if (accepted.empty()) {
      accepted.emplace_back();
      throw std::runtime_error("no room");
    }
    accepted.push_back(std::move(one.socket.fd));
  };
  listener.on_error = [&] { listener.EventHandler::handle_error(); };
  Peer lost(address);
  Peer served(address);
  run_until([&] { return accepted.size() == 2; });
  EXPECT_EQ(lost.receive_all(), "");
  EXPECT_EQ(log.count("no room"), 1U);
  EXPECT_FALSE(listener.closed());
}

/// A listener as servers have it, that does nothing of its own.
class PlainListener : public EventHandler {
 public:
  using EventHandler::EventHandler;
  void handle_accept() override { reactor().accept(*this); }
};

TEST_P(ErrorTrapsTest, Trap12_WhatCanNeverAcceptEndsTheRunAndSaysWhy_WhereTheReactorAccepts) {
  if (!plain_calls()) return;
  Listener listening(family(), 8);
  const SocketAddress address = listening.address;
  auto& listener = add<PlainListener>(std::move(listening.socket), Kind::listener);
  fail_next(Call::accept, EIO);  // keeps it from accepting before its socket is taken away
  const Peer peer(address);
  run_rounds(2);
  const Pipe pipe = make_pipe();
  ASSERT_GE(::dup2(pipe.read.get(), listener.descriptor()), 0);
  try {
    reactor.run();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOTSOCK) << error.what();
  }
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
