#include "tests/kqueue_shim/kqueue_shim.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "reactor/unique_fd.h"
#include "tests/kqueue_shim/pairs.h"

namespace bunshin::kqueue_shim {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using ::testing::SizeIs;

using Events = std::vector<struct kevent>;

constexpr milliseconds kLong{5000};  // an event that must come
constexpr milliseconds kNow{0};      // one that must not

struct kevent change(std::uintptr_t ident, int filter, int flags, std::uint32_t fflags = 0,
                     std::intptr_t data = 0, void* udata = nullptr) {
  struct kevent event {};
  EV_SET(&event, ident, filter, flags, fflags, data, udata);
  return event;
}

struct kevent change(const UniqueFd& fd, int filter, int flags, void* udata = nullptr) {
  return change(static_cast<std::uintptr_t>(fd.get()), filter, flags, 0, 0, udata);
}

timespec to_timespec(nanoseconds time) {
  return {static_cast<time_t>(time.count() / 1'000'000'000),
          static_cast<long>(time.count() % 1'000'000'000)};
}

class KqueueShim : public ::testing::Test {
 protected:
  int apply(std::initializer_list<struct kevent> changes) {
    return ::kevent(kq_.get(), changes.begin(), static_cast<int>(changes.size()), nullptr, 0,
                    nullptr);
  }

  Events wait(nanoseconds timeout, std::size_t room = 16,
              std::initializer_list<struct kevent> changes = {}) {
    Events events(room);
    const timespec limit = to_timespec(timeout);
    const int count = ::kevent(kq_.get(), changes.begin(), static_cast<int>(changes.size()),
                               events.data(), static_cast<int>(room), &limit);
    EXPECT_GE(count, 0) << "errno " << errno;
    events.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return events;
  }

  UniqueFd kq_{::kqueue()};
};

class KqueueShimReading : public KqueueShim, public ::testing::WithParamInterface<Pair (*)()> {};

TEST_P(KqueueShimReading, LevelIsReportedAsLongAsBytesWait) {
  const Pair pair = GetParam()();
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD)}), 0);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  put(pair.peer, "hello");
  for (int i = 0; i < 3; ++i) {
    const Events events = wait(kLong);
    ASSERT_THAT(events, SizeIs(1));
    EXPECT_EQ(events[0].filter, EVFILT_READ);
    EXPECT_EQ(events[0].ident, static_cast<std::uintptr_t>(pair.watched.get()));
    EXPECT_EQ(events[0].data, 5);
    EXPECT_EQ(events[0].flags & (EV_EOF | EV_ERROR), 0);
  }
  EXPECT_EQ(take(pair.watched, 2), "he");
  EXPECT_EQ(wait(kLong).at(0).data, 3);
  EXPECT_EQ(take(pair.watched, 3), "llo");
  EXPECT_THAT(wait(kNow), SizeIs(0));
}

TEST_P(KqueueShimReading, ClearIsReportedOnceForEveryArrival) {
  const Pair pair = GetParam()();
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD | EV_CLEAR)}), 0);
  put(pair.peer, "one");
  EXPECT_EQ(wait(kLong).at(0).data, 3);
  EXPECT_THAT(wait(kNow), SizeIs(0)) << "nothing new, although three bytes wait";
  put(pair.peer, "two");
  EXPECT_EQ(wait(kLong).at(0).data, 6);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  EXPECT_EQ(take(pair.watched, 6), "onetwo");
  put(pair.peer, "x");
  EXPECT_EQ(take(pair.watched, 1), "x");
  EXPECT_THAT(wait(kNow), SizeIs(0)) << "what was read meanwhile is no event";
}

TEST_P(KqueueShimReading, BytesThatWaitedBeforeAreReported) {
  const Pair pair = GetParam()();
  put(pair.peer, "early");
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD | EV_CLEAR)}), 0);
  EXPECT_EQ(wait(kLong).at(0).data, 5);
}

TEST_P(KqueueShimReading, EndComesWithTheBytesBeforeIt) {
  Pair pair = GetParam()();
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD | EV_CLEAR)}), 0);
  put(pair.peer, "last");
  const bool is_tty = ::isatty(pair.watched.get()) != 0;
  pair.peer.reset();
  const Events events = wait(kLong);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_NE(events[0].flags & EV_EOF, 0);
  EXPECT_EQ(events[0].fflags, 0u);
  if (!is_tty) {  // a terminal that hung up throws them away
    EXPECT_EQ(events[0].data, 4);
    EXPECT_EQ(take(pair.watched, 9), "last");
  }
  EXPECT_EQ(take(pair.watched, 9), "");
}

INSTANTIATE_TEST_SUITE_P(Kinds, KqueueShimReading,
                         ::testing::Values(tcp_pair, unix_pair, pipe_to_read, pty_pair));

class KqueueShimWriting : public KqueueShim, public ::testing::WithParamInterface<Pair (*)()> {
 protected:
  /// More than once, because a terminal passes bytes on behind our back and has space again.
  bool fill_until_silent(const UniqueFd& fd) {
    for (int i = 0; i < 1000; ++i) {
      fill(fd);
      if (wait(kNow).empty()) return true;
    }
    return false;
  }
};

TEST_P(KqueueShimWriting, ClearIsReportedAgainWhenThereIsSpaceAgain) {
  const Pair pair = GetParam()();
  ASSERT_EQ(apply({change(pair.watched, EVFILT_WRITE, EV_ADD | EV_CLEAR)}), 0);
  const Events events = wait(kLong);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].filter, EVFILT_WRITE);
  EXPECT_GT(events[0].data, 0);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  EXPECT_TRUE(fill_until_silent(pair.watched));
  std::thread reader([&] {
    for (int i = 0; i < 200; ++i) drain(pair.peer), std::this_thread::yield();
  });
  EXPECT_THAT(wait(kLong), SizeIs(1));
  reader.join();
}

TEST_P(KqueueShimWriting, LevelIsReportedAsLongAsThereIsSpace) {
  const Pair pair = GetParam()();
  ASSERT_EQ(apply({change(pair.watched, EVFILT_WRITE, EV_ADD)}), 0);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(wait(kLong), SizeIs(1));
  EXPECT_TRUE(fill_until_silent(pair.watched));
}

INSTANTIATE_TEST_SUITE_P(Kinds, KqueueShimWriting,
                         ::testing::Values(tcp_pair, unix_pair, pipe_to_write, pty_pair));

TEST_F(KqueueShim, ReaderGoneEndsWriting) {
  for (Pair (*make)() : {unix_pair, pipe_to_write}) {
    Pair pair = make();
    ASSERT_EQ(apply({change(pair.watched, EVFILT_WRITE, EV_ADD | EV_CLEAR)}), 0);
    EXPECT_EQ(wait(kLong).at(0).flags & EV_EOF, 0);
    pair.peer.reset();
    EXPECT_NE(wait(kLong).at(0).flags & EV_EOF, 0);
  }
}

TEST_F(KqueueShim, PipeWithoutOtherEndHasNoFilterForWriting) {
  for (Pair (*make)() : {pipe_to_read, pipe_to_write}) {
    Pair pair = make();
    pair.peer.reset();
    EXPECT_EQ(apply({change(pair.watched, EVFILT_WRITE, EV_ADD)}), -1);
    EXPECT_EQ(errno, EPIPE);
    ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD | EV_CLEAR)}), 0);
    EXPECT_NE(wait(kLong).at(0).flags & EV_EOF, 0);
  }
}

TEST_F(KqueueShim, HalfClosedEndsReadingOnly) {
  const Pair pair = tcp_pair();
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD | EV_CLEAR),
                   change(pair.watched, EVFILT_WRITE, EV_ADD)}),
            0);
  ::shutdown(pair.peer.get(), SHUT_WR);
  bool ended = false;
  for (int i = 0; i < 100 && !ended; ++i) {
    for (const struct kevent& event : wait(kLong)) {
      if (event.filter == EVFILT_READ) ended = (event.flags & EV_EOF) != 0;
      if (event.filter == EVFILT_WRITE) {
        EXPECT_EQ(event.flags & EV_EOF, 0);
      }
    }
  }
  EXPECT_TRUE(ended);
}

TEST_F(KqueueShim, ResetIsAnErrorThatStaysWithTheSocket) {
  Pair pair = tcp_pair();
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD | EV_CLEAR)}), 0);
  const linger abort{1, 0};
  ::setsockopt(pair.peer.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  pair.peer.reset();
  const Events events = wait(kLong);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_NE(events[0].flags & EV_EOF, 0);
  EXPECT_EQ(events[0].fflags, static_cast<std::uint32_t>(ECONNRESET));
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(pair.watched.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  EXPECT_EQ(error, ECONNRESET);
}

TEST_F(KqueueShim, BothFiltersAreEventsOfTheirOwnWithTheirOwnData) {
  const Pair pair = unix_pair();
  int first = 0;
  int second = 0;
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD, &first),
                   change(pair.watched, EVFILT_WRITE, EV_ADD, &second)}),
            0);
  put(pair.peer, "x");
  const Events events = wait(kLong);
  ASSERT_THAT(events, SizeIs(2));
  for (const struct kevent& event : events) {
    EXPECT_EQ(event.udata, event.filter == EVFILT_READ ? &first : &second);
  }
}

TEST_F(KqueueShim, UrgentDataIsAnEventOfItsOwn) {
  const Pair pair = tcp_pair();
  auto urgent = change(pair.watched, EVFILT_EXCEPT, EV_ADD | EV_CLEAR);
  urgent.fflags = NOTE_OOB;
  ASSERT_EQ(apply({urgent}), 0);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  ::send(pair.peer.get(), "!", 1, MSG_OOB);
  const Events events = wait(kLong);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].filter, EVFILT_EXCEPT);
  EXPECT_EQ(events[0].fflags, NOTE_OOB);
}

class KqueueShimSockets : public KqueueShim {
 protected:
  KqueueShimSockets() {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_.get(), generic(), length_), 0);
    ::getsockname(listener_.get(), generic(), &length_);
  }
  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address_); }

  UniqueFd listener_{::socket(AF_INET, SOCK_STREAM, 0)};
  UniqueFd client_{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
  sockaddr_in address_{};
  socklen_t length_ = sizeof address_;
};

TEST_F(KqueueShimSockets, ListenerSaysHowManyWait) {
  ASSERT_EQ(::listen(listener_.get(), 8), 0);
  ASSERT_EQ(apply({change(listener_, EVFILT_READ, EV_ADD)}), 0);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  const UniqueFd other(::socket(AF_INET, SOCK_STREAM, 0));
  ::connect(client_.get(), generic(), length_);
  ASSERT_EQ(::connect(other.get(), generic(), length_), 0);
  EXPECT_EQ(wait(kLong).at(0).data, 2);
  const UniqueFd accepted(::accept(listener_.get(), nullptr, nullptr));
  EXPECT_EQ(wait(kLong).at(0).data, 1);
}

TEST_F(KqueueShimSockets, FreshSocketSaysNothingAndAConnectedOneIsWritable) {
  ASSERT_EQ(::listen(listener_.get(), 8), 0);
  ASSERT_EQ(apply({change(client_, EVFILT_READ, EV_ADD | EV_CLEAR),
                   change(client_, EVFILT_WRITE, EV_ADD | EV_CLEAR)}),
            0);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  ::connect(client_.get(), generic(), length_);
  const Events events = wait(kLong);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].filter, EVFILT_WRITE);
  EXPECT_EQ(events[0].flags & EV_EOF, 0);
}

TEST_F(KqueueShimSockets, RefusedConnectIsWritableAtItsEnd) {
  ASSERT_EQ(apply({change(client_, EVFILT_WRITE, EV_ADD | EV_CLEAR)}), 0);
  ::connect(client_.get(), generic(), length_);  // nobody listens
  const Events events = wait(kLong);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_NE(events[0].flags & EV_EOF, 0);
  EXPECT_NE(events[0].fflags, 0u);
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(client_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  EXPECT_EQ(error, ECONNREFUSED);
}

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

TEST_F(KqueueShim, ClosingDropsTheFilters) {
  Pair pair = unix_pair();
  put(pair.peer, "x");
  const auto number = static_cast<std::uintptr_t>(pair.watched.get());
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD)}), 0);
  pair.watched.reset();
  EXPECT_THAT(wait(kNow), SizeIs(0));
  EXPECT_EQ(apply({change(number, EVFILT_READ, EV_DELETE)}), -1);
  EXPECT_EQ(errno, EBADF);
}

TEST_F(KqueueShim, NumberUsedAgainInheritsNothing) {
  Pair old = unix_pair();
  put(old.peer, "x");
  const UniqueFd kept_alive(::dup(old.watched.get()));  // closing must do all the same
  ASSERT_EQ(apply({change(old.watched, EVFILT_READ, EV_ADD | EV_CLEAR)}), 0);
  const Pair fresh = unix_pair();
  ASSERT_EQ(::dup2(fresh.watched.get(), old.watched.get()), old.watched.get());
  put(fresh.peer, "y");
  put(old.peer, "z");
  EXPECT_THAT(wait(kNow), SizeIs(0));
  EXPECT_EQ(apply({change(old.watched, EVFILT_READ, EV_DELETE)}), -1);
  EXPECT_EQ(errno, ENOENT);
  ASSERT_EQ(apply({change(old.watched, EVFILT_READ, EV_ADD | EV_CLEAR)}), 0);
  EXPECT_EQ(wait(kLong).at(0).data, 1);
  put(old.peer, "dead");
  EXPECT_THAT(wait(kNow), SizeIs(0));
}

TEST_F(KqueueShim, TerminalOpenedAgainUnderItsNumberIsWatchedAnew) {
  Pair pair = pty_pair();
  const std::string name = ::ptsname(pair.peer.get());
  ASSERT_EQ(apply({change(pair.watched, EVFILT_READ, EV_ADD | EV_CLEAR)}), 0);
  const int number = pair.watched.get();
  pair.watched.reset();
  UniqueFd again(::open(name.c_str(), O_RDWR | O_NOCTTY));
  ASSERT_EQ(again.get(), number);
  ASSERT_EQ(apply({change(again, EVFILT_READ, EV_ADD | EV_CLEAR)}), 0);
  wait(kNow);
  put(pair.peer, "back\n");
  EXPECT_THAT(wait(kLong), SizeIs(1));
}

TEST_F(KqueueShim, RegularFileIsReadableUntilItsEnd) {
  std::array<char, 32> name{"/tmp/kqueue_shim_XXXXXX"};
  const UniqueFd file(::mkstemp(name.data()));
  ::unlink(name.data());
  put(file, "12345");
  ASSERT_EQ(apply({change(file, EVFILT_READ, EV_ADD)}), 0);
  EXPECT_THAT(wait(kNow), SizeIs(0)) << "at its end";
  ::lseek(file.get(), 2, SEEK_SET);
  EXPECT_EQ(wait(kLong).at(0).data, 3);
}

TEST_F(KqueueShim, TerminalsThatIgnoreClearForWritingCanBeHad) {
  const Pair tty = pty_pair();
  ignore_clear_for_tty_writes(true);
  ASSERT_EQ(apply({change(tty.watched, EVFILT_WRITE, EV_ADD | EV_CLEAR)}), 0);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(wait(kLong), SizeIs(1));
  ignore_clear_for_tty_writes(false);
  EXPECT_THAT(wait(kLong), SizeIs(1));
  EXPECT_THAT(wait(kNow), SizeIs(0));
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
