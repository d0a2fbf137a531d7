// What reactor/kqueue_engine.cpp does beyond translating; the contract common to all engines is
// the conformance tests' matter.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/event.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include "reactor/engine.h"
#include "tests/kqueue_shim/kqueue_shim.h"
#include "tests/kqueue_shim/pairs.h"

namespace bunshin {

std::unique_ptr<Engine> make_kqueue_engine(const EngineOptions& options);

namespace {

using namespace kqueue_shim;  // NOLINT: the pairs
using ::testing::SizeIs;

constexpr std::chrono::seconds kLong{5};
constexpr std::chrono::seconds kNow{0};

class KqueueEngine : public ::testing::Test {
 protected:
  ~KqueueEngine() override { ignore_clear_for_tty_writes(false); }

  std::vector<Event> wait(Engine::Timeout timeout, std::size_t room = 64) {
    std::vector<Event> events(room);
    events.resize(engine_->wait(timeout, events));
    return events;
  }

  void watch(int fd, Generation generation, Model model, std::uint8_t interest) {
    engine_->add(fd, generation, Kind::file, model, interest);
  }

  std::unique_ptr<Engine> engine_ = make_kqueue_engine({});
};

TEST_F(KqueueEngine, ReadingAndWritingAreOneEvent) {
  const Pair first = unix_pair();
  const Pair second = unix_pair();
  put(first.peer, "x");
  put(second.peer, "x");
  watch(first.watched.get(), 7, Model::remembered, 0);
  watch(second.watched.get(), 8, Model::remembered, 0);
  const auto events = wait(kLong);
  ASSERT_THAT(events, SizeIs(2));
  for (const Event& event : events) {
    EXPECT_EQ(event.bits, ready::readable | ready::writable);
    EXPECT_EQ(event.generation, event.fd == first.watched.get() ? 7u : 8u);
  }
  EXPECT_THAT(wait(kNow), SizeIs(0));
}

TEST_F(KqueueEngine, HalfClosedIsNotHungUp) {
  const Pair pair = tcp_pair();
  watch(pair.watched.get(), 1, Model::remembered, 0);
  ::shutdown(pair.peer.get(), SHUT_WR);
  unsigned bits = 0;
  while ((bits & ready::peer_ended) == 0) {
    for (const Event& event : wait(kLong)) bits |= event.bits;
  }
  EXPECT_EQ(bits, unsigned{ready::readable | ready::writable | ready::peer_ended});
}

TEST_F(KqueueEngine, ResetHasFailed) {
  Pair pair = tcp_pair();
  watch(pair.watched.get(), 1, Model::remembered, 0);
  wait(kNow);
  const linger abort{1, 0};
  ::setsockopt(pair.peer.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  pair.peer.reset();
  const auto events = wait(kLong);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_NE(events[0].bits & ready::failed, 0);
  EXPECT_NE(events[0].bits & ready::hung_up, 0);
}

#ifdef NOTE_OOB
TEST_F(KqueueEngine, UrgentDataIsReported) {
  const Pair pair = tcp_pair();
  engine_->add(pair.watched.get(), 1, Kind::inet_stream, Model::remembered, 0);
  wait(kNow);
  ::send(pair.peer.get(), "!", 1, MSG_OOB);
  EXPECT_NE(wait(kLong).at(0).bits & ready::urgent, 0);
}
#endif

/// A short read may have stopped at the mark of urgent data, which nothing has told of.
TEST_F(KqueueEngine, WhereUrgentDataIsNotReportedThereMayAlwaysBeMore) {
  const Pair pair = tcp_pair();
  engine_->add(pair.watched.get(), 1, Kind::inet_stream, Model::remembered, 0);
  wait(kNow);
  put(pair.peer, "x");
#ifdef NOTE_OOB
  EXPECT_EQ(wait(kLong).at(0).bits & ready::peer_ended, 0);
#else
  EXPECT_NE(wait(kLong).at(0).bits & ready::peer_ended, 0);
#endif
}

TEST_F(KqueueEngine, RefusedConnectHasFailed) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const UniqueFd bound(::socket(AF_INET, SOCK_STREAM, 0));  // and does not listen
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(bound.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&address), &length);
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  ::connect(client.get(), reinterpret_cast<sockaddr*>(&address), length);
  engine_->add(client.get(), 1, Kind::inet_stream, Model::remembered, ready::writable);
  EXPECT_NE(wait(kLong).at(0).bits & ready::failed, 0);
}

TEST_F(KqueueEngine, ListenerIsReadableOnly) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length);
  engine_->add(listener.get(), 1, Kind::listener, Model::remembered, ready::readable);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(wait(kLong).at(0).bits, ready::readable);
  engine_->remove(listener.get());
  EXPECT_THAT(wait(kNow), SizeIs(0));
}

TEST_F(KqueueEngine, PipeWithoutOtherEndIsHungUpFromTheStart) {
  for (Pair (*make)() : {pipe_to_read, pipe_to_write}) {
    Pair pair = make();
    pair.peer.reset();
    watch(pair.watched.get(), 1, Model::remembered, 0);
    EXPECT_NE(wait(kLong).at(0).bits & ready::hung_up, 0);
    engine_->remove(pair.watched.get());
  }
}

TEST_F(KqueueEngine, LevelReportsWhatWasLastWanted) {
  const Pair pair = unix_pair();
  const int fd = pair.watched.get();
  watch(fd, 1, Model::level, ready::readable);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  put(pair.peer, "x");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(wait(kLong).at(0).bits, ready::readable);
  engine_->modify(fd, 2, ready::writable);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(wait(kLong).at(0).bits, ready::writable);
  EXPECT_EQ(wait(kLong).at(0).generation, 2u);
  engine_->modify(fd, 3, ready::readable | ready::writable);
  EXPECT_EQ(wait(kLong).at(0).bits, ready::readable | ready::writable);
  engine_->modify(fd, 4, 0);
  EXPECT_THAT(wait(kNow), SizeIs(0));
}

TEST_F(KqueueEngine, SerialPortThatIgnoresClearIsReportedOnceAndAgainWhenExhausted) {
  ignore_clear_for_tty_writes(true);
  const Pair tty = pty_pair();
  const int fd = tty.watched.get();
  watch(fd, 5, Model::remembered, 0);
  EXPECT_EQ(wait(kLong).at(0).bits, ready::writable);
  EXPECT_THAT(wait(kNow), SizeIs(0)) << "it would spin";
  engine_->rearm(fd, ready::readable);
  EXPECT_THAT(wait(kNow), SizeIs(0));
  for (int i = 0; i < 2; ++i) {
    engine_->rearm(fd, ready::writable);
    const auto events = wait(kLong);
    ASSERT_THAT(events, SizeIs(1));
    EXPECT_EQ(events[0].generation, 5u);
    EXPECT_THAT(wait(kNow), SizeIs(0));
  }
  put(tty.peer, "x");
  EXPECT_EQ(wait(kLong).at(0).bits, ready::readable);
}

TEST_F(KqueueEngine, RemovedIsSilentAndItsNumberHasNewGeneration) {
  const Pair pair = unix_pair();
  const int fd = pair.watched.get();
  watch(fd, 1, Model::remembered, 0);
  engine_->remove(fd);
  put(pair.peer, "x");
  EXPECT_THAT(wait(kNow), SizeIs(0));
  watch(fd, 2, Model::level, ready::readable);
  for (int i = 0; i < 2; ++i) {  // nothing is left of the old registration, EV_CLEAR neither
    const auto events = wait(kLong);
    ASSERT_THAT(events, SizeIs(1));
    EXPECT_EQ(events[0].generation, 2u);
  }
}

TEST_F(KqueueEngine, SmallAnswerLosesNothing) {
  std::vector<Pair> pairs(300);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = unix_pair();
    put(pairs[i].peer, "x");
    watch(pairs[i].watched.get(), static_cast<Generation>(i + 1), Model::remembered, 0);
  }
  std::vector<unsigned> bits(pairs.size());
  for (auto events = wait(kNow, 7); !events.empty(); events = wait(kNow, 7)) {
    for (const Event& event : events) bits.at(event.generation - 1) |= event.bits;
  }
  EXPECT_THAT(bits, ::testing::Each(unsigned{ready::readable | ready::writable}));
}

TEST_F(KqueueEngine, WakeEndsTheWaitThatRunsOrTheNext) {
  engine_->wake();
  EXPECT_THAT(wait(kLong), SizeIs(0));
  std::thread other([&] { engine_->wake(); });
  EXPECT_THAT(wait(Engine::kForever), SizeIs(0));
  other.join();
  const auto before = std::chrono::steady_clock::now();
  EXPECT_THAT(wait(std::chrono::milliseconds(5)), SizeIs(0));
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(5));
}

TEST_F(KqueueEngine, WhatIsNotOpenIsRefused) {
  Pair pair = unix_pair();
  const int fd = pair.watched.get();
  pair.watched.reset();
  try {
    watch(fd, 1, Model::remembered, 0);
    FAIL() << "it was taken";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EBADF);
  }
}

}  // namespace
}  // namespace bunshin
