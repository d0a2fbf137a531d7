#include "tests/kqueue_shim/kqueue_shim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "tests/kqueue_shim/fixture.h"
#include "tests/kqueue_shim/pairs.h"

namespace bunshin::kqueue_shim {
namespace {

using std::chrono::steady_clock;
using ::testing::SizeIs;

TEST_F(KqueueShim, DeletedFilterIsSilentAndTheOtherOneGoesOn) {
  const Pair pair = unix_pair();
  ASSERT_EQ(
      apply({change(pair.watched, EVFILT_READ, EV_ADD), change(pair.watched, EVFILT_WRITE, EV_ADD),
             change(pair.watched, EVFILT_READ, EV_DELETE)}),
      0);
  put(pair.peer, "x");
  const Events events = wait(kLong);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].filter, EVFILT_WRITE);
  ASSERT_EQ(apply({change(pair.watched, EVFILT_WRITE, EV_DELETE)}), 0);
  EXPECT_THAT(wait(kNow), SizeIs(0));
}

TEST_F(KqueueShim, DisabledFilterKeepsItsEventForLater) {
  const Pair pair = unix_pair();
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD | EV_CLEAR | EV_DISABLE)}), 0);
  put(pair.peer, "x");
  EXPECT_THAT(wait(kNow), SizeIs(0));
  EXPECT_THAT(wait(kLong, 16, {change(pair.watched, EVFILT_READ, EV_ENABLE)}), SizeIs(1));
  EXPECT_THAT(wait(kNow), SizeIs(0));
}

TEST_F(KqueueShim, OneshotIsGoneAndDispatchIsDisabledAfterOneEvent) {
  const Pair pair = unix_pair();
  put(pair.peer, "x");
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD | EV_ONESHOT),
                   change(pair.watched, EVFILT_WRITE, EV_ADD | EV_DISPATCH)}),
            0);
  EXPECT_THAT(wait(kLong), SizeIs(2));
  EXPECT_THAT(wait(kNow), SizeIs(0));
  EXPECT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ENABLE)}), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(apply({change(pair.watched, EVFILT_WRITE, EV_ENABLE)}), 0);
  EXPECT_THAT(wait(kLong), SizeIs(1));
}

TEST_F(KqueueShim, AddingAgainReportsAgainAndKeepsTheFirstFlags) {
  const Pair pair = unix_pair();
  put(pair.peer, "x");
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD | EV_CLEAR)}), 0);
  EXPECT_THAT(wait(kLong), SizeIs(1));
  EXPECT_THAT(wait(kNow), SizeIs(0));
  int data = 0;
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD, &data)}), 0);
  EXPECT_EQ(wait(kLong).at(0).udata, &data);
  EXPECT_THAT(wait(kNow), SizeIs(0)) << "still EV_CLEAR";
}

TEST_F(KqueueShim, SmallListGetsTheRestWithTheNextCall) {
  const std::array<Pair, 3> pairs{unix_pair(), unix_pair(), unix_pair()};
  std::vector<std::uintptr_t> seen;
  for (const Pair& pair : pairs) {
    ASSERT_EQ(apply({change(pair.watched, EVFILT_WRITE, EV_ADD | EV_CLEAR)}), 0);
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) seen.push_back(wait(kLong, 1).at(0).ident);
  std::vector<std::uintptr_t> expected;
  for (const Pair& pair : pairs)
    expected.push_back(static_cast<std::uintptr_t>(pair.watched.get()));
  EXPECT_THAT(seen, ::testing::UnorderedElementsAreArray(expected));
  EXPECT_THAT(wait(kNow), SizeIs(0));
}

TEST_F(KqueueShim, FaultyChangeIsReportedInTheListAndTheOthersAreMade) {
  const Pair pair = unix_pair();
  const auto closed = static_cast<std::uintptr_t>(::dup(pair.peer.get()));
  ::close(static_cast<int>(closed));
  const Events answers =
      wait(kLong, 4,
           {change(closed, EVFILT_READ, EV_ADD), change(pair.watched, EVFILT_READ, EV_DELETE),
            change(pair.watched, EVFILT_WRITE, EV_ADD), change(7, -99, EV_ADD)});
  ASSERT_THAT(answers, SizeIs(3)) << "no events beside errors";
  EXPECT_EQ(answers[0].data, EBADF);
  EXPECT_EQ(answers[0].ident, closed);
  EXPECT_EQ(answers[1].data, ENOENT);
  EXPECT_EQ(answers[2].data, EINVAL);
  for (const struct kevent& answer : answers) EXPECT_NE(answer.flags & EV_ERROR, 0);
  EXPECT_THAT(wait(kLong), SizeIs(1)) << "the third change was made";
}

TEST_F(KqueueShim, FaultyChangeWithoutRoomIsTheCallsError) {
  const Pair pair = unix_pair();
  EXPECT_EQ(apply({change(pair.watched, EVFILT_READ, EV_DELETE)}), -1);
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(KqueueShim, ReceiptAnswersEveryChangeAndTakesNoEvent) {
  const Pair pair = unix_pair();
  const Events answers =
      wait(kLong, 4, {change(pair.watched, EVFILT_WRITE, EV_ADD | EV_RECEIPT | EV_CLEAR)});
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_NE(answers[0].flags & EV_ERROR, 0);
  EXPECT_EQ(answers[0].data, 0);
  EXPECT_THAT(wait(kLong), SizeIs(1));
}

TEST_F(KqueueShim, TimeoutIsNeverShortAndNoRoomMeansNoWaiting) {
  const auto before = steady_clock::now();
  EXPECT_THAT(wait(milliseconds(20)), SizeIs(0));
  EXPECT_GE(steady_clock::now() - before, milliseconds(20));
  EXPECT_EQ(::kevent(kq_.get(), nullptr, 0, nullptr, 0, nullptr), 0);
  struct kevent event {};
  for (const timespec& wrong : {timespec{-1, 0}, timespec{0, -1}, timespec{0, 1'000'000'000}}) {
    EXPECT_EQ(::kevent(kq_.get(), nullptr, 0, &event, 1, &wrong), -1);
    EXPECT_EQ(errno, EINVAL);
  }
}

TEST_F(KqueueShim, WhatIsNoQueueIsBad) {
  const Pair pair = unix_pair();
  const int number = kq_.get();
  for (const int wrong : {-1, pair.peer.get(), number}) {
    if (wrong == number) kq_.reset();
    struct kevent event {};
    const timespec now{};
    EXPECT_EQ(::kevent(wrong, nullptr, 0, &event, 1, &now), -1) << wrong;
    EXPECT_EQ(errno, EBADF) << wrong;
  }
  kq_.reset(::kqueue());
  EXPECT_EQ(kq_.get(), number) << "the number again, with nothing of the old queue";
  EXPECT_THAT(wait(kNow), SizeIs(0));
}

TEST_F(KqueueShim, UserEventLastsUntilClearedByEvClear) {
  int data = 0;
  ASSERT_EQ(apply({change(1, EVFILT_USER, EV_ADD),
                   change(2, EVFILT_USER, EV_ADD | EV_CLEAR, NOTE_FFCOPY | 5, 0, &data)}),
            0);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  ASSERT_EQ(apply({change(2, EVFILT_USER, 0, NOTE_TRIGGER | NOTE_FFOR | 8, 0, &data)}), 0);
  const Events events = wait(kLong);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].fflags, 13u);
  EXPECT_EQ(events[0].udata, &data);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  ASSERT_EQ(apply({change(1, EVFILT_USER, 0, NOTE_TRIGGER)}), 0);
  EXPECT_EQ(wait(kLong).at(0).ident, 1u);
  EXPECT_EQ(wait(kLong).at(0).ident, 1u);
}

TEST_F(KqueueShim, UserEventEndsTheWaitingOfAnotherThread) {
  ASSERT_EQ(apply({change(0, EVFILT_USER, EV_ADD | EV_CLEAR)}), 0);
  constexpr int kTimes = 2000;
  std::atomic<int> answered{0};
  std::thread other([&] {
    for (int i = 0; i < kTimes; ++i) {
      apply({change(0, EVFILT_USER, 0, NOTE_TRIGGER)});
      while (answered.load() <= i) std::this_thread::yield();
    }
  });
  for (int i = 0; i < kTimes; ++i) {
    const Events events = wait(kLong);
    EXPECT_THAT(events, SizeIs(1)) << i;
    answered.store(i + 1);
  }
  other.join();
}

TEST_F(KqueueShim, FilterAddedByAnotherThreadIsWaitedFor) {
  const Pair pair = unix_pair();
  put(pair.peer, "x");
  std::thread other([&] { apply({change(pair.watched, EVFILT_READ, EV_ADD)}); });
  EXPECT_THAT(wait(kLong), SizeIs(1));
  other.join();
}

TEST_F(KqueueShim, OneshotTimerFiresOnceAndNeverEarly) {
  for (const auto& [unit, count] : {std::pair<std::uint32_t, std::intptr_t>{0, 3},
                                    {NOTE_USECONDS, 3'000},
                                    {NOTE_NSECONDS, 3'000'000}}) {
    const auto before = steady_clock::now();
    const Events events =
        wait(kLong, 4, {change(9, EVFILT_TIMER, EV_ADD | EV_ONESHOT, unit, count)});
    ASSERT_THAT(events, SizeIs(1));
    EXPECT_EQ(events[0].data, 1);
    EXPECT_GE(steady_clock::now() - before, milliseconds(3));
    EXPECT_THAT(wait(milliseconds(10)), SizeIs(0));
  }
}

TEST_F(KqueueShim, PeriodicTimerCountsWhatWasMissed) {
  ASSERT_EQ(apply({change(9, EVFILT_TIMER, EV_ADD, 0, 2)}), 0);
  std::this_thread::sleep_for(milliseconds(11));  // the passing of time is what is tested
  EXPECT_GE(wait(kLong).at(0).data, 5);
  EXPECT_THAT(wait(kLong), SizeIs(1));
  ASSERT_EQ(apply({change(9, EVFILT_TIMER, EV_DELETE)}), 0);
  EXPECT_THAT(wait(milliseconds(6)), SizeIs(0));
}

TEST_F(KqueueShim, TimerAddedAgainStartsAgainAndAnAbsurdOneIsQuiet) {
  ASSERT_EQ(apply({change(9, EVFILT_TIMER, EV_ADD, NOTE_SECONDS, INTPTR_MAX)}), 0);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  EXPECT_THAT(wait(kLong, 4, {change(9, EVFILT_TIMER, EV_ADD, 0, 1)}), SizeIs(1));
  EXPECT_EQ(apply({change(9, EVFILT_TIMER, EV_ADD, 0, -1)}), -1);
  EXPECT_EQ(errno, EINVAL);
}

int handled = 0;
void count_signal(int) { ++handled; }

class KqueueShimSignals : public KqueueShim {
 protected:
  ~KqueueShimSignals() override {
    ::signal(SIGUSR1, SIG_DFL);
    ::signal(SIGALRM, SIG_DFL);
  }
};

TEST_F(KqueueShimSignals, DeliveriesOfAnIgnoredSignalAreCounted) {
  ::signal(SIGUSR1, SIG_IGN);
  ASSERT_EQ(apply({change(SIGUSR1, EVFILT_SIGNAL, EV_ADD)}), 0);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  ::raise(SIGUSR1);
  ::raise(SIGUSR1);
  const Events events = wait(kLong);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].ident, static_cast<std::uintptr_t>(SIGUSR1));
  EXPECT_EQ(events[0].data, 2);
  EXPECT_THAT(wait(kNow), SizeIs(0));
}

TEST_F(KqueueShimSignals, HandlerRunsToo) {
  handled = 0;
  ::signal(SIGUSR1, count_signal);
  ASSERT_EQ(apply({change(SIGUSR1, EVFILT_SIGNAL, EV_ADD)}), 0);
  ::raise(SIGUSR1);
  EXPECT_EQ(wait(kLong).at(0).data, 1);
  EXPECT_EQ(handled, 1);
}

TEST_F(KqueueShimSignals, DispositionSetLaterIsTakenOver) {
  ASSERT_EQ(apply({change(SIGUSR1, EVFILT_SIGNAL, EV_ADD)}), 0);
  ::signal(SIGUSR1, SIG_IGN);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  ::raise(SIGUSR1);
  EXPECT_EQ(wait(kLong).at(0).data, 1);
}

TEST_F(KqueueShimSignals, TwoQueuesSeeTheSameSignal) {
  ::signal(SIGUSR1, SIG_IGN);
  const UniqueFd other(::kqueue());
  const auto add = change(SIGUSR1, EVFILT_SIGNAL, EV_ADD);
  ASSERT_EQ(::kevent(other.get(), &add, 1, nullptr, 0, nullptr), 0);
  ASSERT_EQ(apply({add}), 0);
  ::raise(SIGUSR1);
  EXPECT_THAT(wait(kLong), SizeIs(1));
  struct kevent event {};
  const timespec limit = to_timespec(kLong);
  EXPECT_EQ(::kevent(other.get(), nullptr, 0, &event, 1, &limit), 1);
}

void alarm_in(milliseconds delay) {
  itimerval timer{};
  timer.it_value.tv_usec = static_cast<suseconds_t>(delay.count() * 1000);
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

TEST_F(KqueueShimSignals, HandledSignalInterruptsAndAnIgnoredOneDoesNot) {
  struct sigaction action {};
  action.sa_handler = count_signal;
  ::sigaction(SIGALRM, &action, nullptr);
  struct kevent event {};
  const timespec limit = to_timespec(kLong);
  alarm_in(milliseconds(5));
  EXPECT_EQ(::kevent(kq_.get(), nullptr, 0, &event, 1, &limit), -1);
  EXPECT_EQ(errno, EINTR);

  ::signal(SIGALRM, SIG_IGN);
  ASSERT_EQ(apply({change(SIGALRM, EVFILT_SIGNAL, EV_ADD)}), 0);
  alarm_in(milliseconds(5));
  EXPECT_THAT(wait(kLong), SizeIs(1));
}

TEST_F(KqueueShimSignals, ImpossibleSignalIsRefused) {
  for (const int number : {0, SIGKILL, 4096}) {
    EXPECT_EQ(apply({change(static_cast<std::uintptr_t>(number), EVFILT_SIGNAL, EV_ADD)}), -1);
    EXPECT_EQ(errno, EINVAL) << number;
  }
}

TEST_F(KqueueShim, QueueHoldsNoDescriptorButItsOwn) {
  apply({change(1, EVFILT_USER, EV_ADD), change(1, EVFILT_TIMER, EV_ADD, 0, 1),
         change(SIGCHLD, EVFILT_SIGNAL, EV_ADD)});
  const int number = kq_.get();
  const UniqueFd next(::dup(0));
  kq_.reset();
  const UniqueFd reused(::dup(0));
  const UniqueFd after(::dup(0));
  EXPECT_EQ(reused.get(), number);
  EXPECT_EQ(after.get(), next.get() + 1);
}

}  // namespace
}  // namespace bunshin::kqueue_shim
