// The filters on descriptors: reading, writing, urgent data, and what closing does.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/kqueue_shim/fixture.h"
#include "tests/kqueue_shim/kqueue_shim.h"
#include "tests/kqueue_shim/pairs.h"

namespace bunshin::kqueue_shim {
namespace {

using ::testing::SizeIs;

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

}  // namespace
}  // namespace bunshin::kqueue_shim
