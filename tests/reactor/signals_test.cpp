#include "reactor/signals.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <thread>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

class SignalsTest : public EngineCase {};
BUNSHIN_EVERY_ENGINE(SignalsTest);

TEST_P(SignalsTest, ASignalIsAnEvent) {
  int hups = 0;
  int terms = 0;
  reactor.on_signal(SIGHUP, [&] { ++hups; });
  reactor.on_signal(SIGTERM, [&] { ++terms; });
  ::raise(SIGHUP);
  EXPECT_EQ(hups, 0) << "not from within the signal handler";
  run_until([&] { return hups == 1; });
  ::raise(SIGTERM);
  ::raise(SIGHUP);
  run_until([&] { return hups == 2 && terms == 1; });
}

TEST_P(SignalsTest, WakesALoopThatSleeps) {
  bool came = false;
  reactor.on_signal(SIGINT, [&] {
    came = true;
    reactor.stop();
  });
  std::thread other([] { ::kill(::getpid(), SIGINT); });
  reactor.call_later(5s, [&] { reactor.stop(); });
  reactor.run();
  other.join();
  EXPECT_TRUE(came);
}

TEST_P(SignalsTest, DoesNotKeepTheLoopRunning) {
  reactor.on_signal(SIGHUP, [] {});
  reactor.run();  // would wait for ever
}

TEST_P(SignalsTest, AnotherFunctionReplacesTheFirst) {
  int first = 0;
  int second = 0;
  reactor.on_signal(SIGHUP, [&] { ++first; });
  reactor.on_signal(SIGHUP, [&] { ++second; });
  ::raise(SIGHUP);
  run_until([&] { return second == 1; });
  EXPECT_EQ(first, 0);
}

TEST_P(SignalsTest, ItsFunctionMayWatchAnother) {
  bool came = false;
  reactor.on_signal(SIGHUP, [&] { reactor.on_signal(SIGUSR1, [&] { came = true; }); });
  ::raise(SIGHUP);
  settle();
  ::raise(SIGUSR1);
  run_until([&] { return came; });
}

TEST_P(SignalsTest, AFloodOfSignalsIsNoHarm) {
  int count = 0;
  reactor.on_signal(SIGHUP, [&] { ++count; });
  for (int number = 0; number < 100000; ++number) ::raise(SIGHUP);  // more than a pipe holds
  run_until([&] { return count > 0; });
  settle();
  const int before = count;
  ::raise(SIGHUP);
  run_until([&] { return count == before + 1; });
}

TEST_P(SignalsTest, WhatIsNoSignalIsAnError) {
  EXPECT_THROW(reactor.on_signal(0, [] {}), std::system_error);
  EXPECT_THROW(reactor.on_signal(100000, [] {}), std::system_error);
  EXPECT_THROW(reactor.on_signal(SIGKILL, [] {}), std::system_error);
}

TEST_P(SignalsTest, TheDispositionBeforeComesBackWithTheReactor) {
  struct sigaction before {};
  before.sa_handler = SIG_IGN;
  ASSERT_EQ(::sigaction(SIGUSR2, &before, nullptr), 0);
  {
    Reactor other({.engine = GetParam()});
    other.on_signal(SIGUSR2, [] {});
    struct sigaction now {};
    ::sigaction(SIGUSR2, nullptr, &now);
    EXPECT_NE(now.sa_handler, SIG_IGN);
  }
  struct sigaction after {};
  ::sigaction(SIGUSR2, nullptr, &after);
  EXPECT_EQ(after.sa_handler, SIG_IGN);
  ::signal(SIGUSR2, SIG_DFL);
}

TEST_P(SignalsTest, AFloodOfOneSignalHidesNoOther) {
  bool ended = false;
  int flood = 0;
  reactor.on_signal(SIGUSR1, [&] { ++flood; });
  reactor.on_signal(SIGTERM, [&] { ended = true; });
  for (int number = 0; number < 70000; ++number) ::raise(SIGUSR1);  // more than a pipe holds
  ::raise(SIGTERM);
  run_until([&] { return ended && flood > 0; });
}

TEST_P(SignalsTest, ABlockedOneIsUnblockedAndBlockedAgain) {
  sigset_t set;
  sigset_t before;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &set, &before), 0);
  {
    Reactor other({.engine = GetParam()});
    bool came = false;
    other.on_signal(SIGTERM, [&] { came = true; });
    ::raise(SIGTERM);
    const auto end = Clock::now() + 5s;
    while (!came && Clock::now() < end) other.run_once(5ms);
    EXPECT_TRUE(came);
  }
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, &before, &after);
  EXPECT_EQ(::sigismember(&after, SIGTERM), 1);
}

/// Of nohup(1), and of shells that start jobs in the background.
TEST_P(SignalsTest, HangUpAndInterruptStayIgnored) {
  for (const int signal : {SIGHUP, SIGINT}) {
    ::signal(signal, SIG_IGN);
    bool came = false;
    reactor.on_signal(signal, [&] { came = true; });
    ::raise(signal);
    settle();
    EXPECT_FALSE(came);
    EXPECT_EQ(::signal(signal, SIG_DFL), SIG_IGN);
  }
}

TEST_P(SignalsTest, AFunctionThatThrowsDoesNotMakeItDeaf) {
  int count = 0;
  reactor.on_signal(SIGHUP, [&] {
    if (++count == 1) throw std::runtime_error("in a signal's function");
  });
  ::raise(SIGHUP);
  run_until([&] { return log.count("in a signal's function") == 1; });
  ::raise(SIGHUP);
  run_until([&] { return count == 2; });
}

}  // namespace
}  // namespace bunshin::testing
