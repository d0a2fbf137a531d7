// watch_foreign: descriptors whose I/O a library does by itself.

#include <gtest/gtest.h>

#include <string>

#include "reactor/foreign_watch.h"
#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

class ForeignTest : public SettingCase {
 protected:
  /// Reads without the reactor, as a library would.
  std::string read_around(int fd) { return read_some(fd); }
};
BUNSHIN_EVERY_SETTING(ForeignTest);

TEST_P(ForeignTest, IsCalledAsLongAsItIsReadable) {
  Connection connection = make_connection(family());
  std::string got;
  std::array<char, 1> byte{};
  reactor.watch_foreign(connection.ours.get(), ready::readable, [&](std::uint8_t bits) {
    EXPECT_EQ(bits, ready::readable);
    ASSERT_EQ(::read(connection.ours.get(), byte.data(), 1), 1);
    got += byte[0];
  });
  connection.peer.send("abcdef");
  run_until([&] { return got == "abcdef"; });
  EXPECT_LT(rounds_in(30ms), kFewRounds);
}

TEST_P(ForeignTest, OneThatReadsNothingIsNotParked) {
  Connection connection = make_connection(family());
  int calls = 0;
  reactor.watch_foreign(connection.ours.get(), ready::readable, [&](std::uint8_t) { ++calls; });
  connection.peer.send("x");
  run_until([&] { return calls >= 50; });
  EXPECT_TRUE(log.lines().empty());
}

TEST_P(ForeignTest, InterestDecides) {
  Connection connection = make_connection(family());
  std::uint8_t seen = 0;
  auto& watch = reactor.watch_foreign(connection.ours.get(), 0, [&](std::uint8_t bits) {
    seen |= bits;
    if ((bits & ready::readable) != 0) read_around(connection.ours.get());
  });
  connection.peer.send("x");
  EXPECT_LT(rounds_in(30ms), kFewRounds);
  EXPECT_EQ(seen, 0);
  watch.set_interest(ready::writable);
  run_until([&] { return seen == ready::writable; });
  watch.set_interest(ready::readable);
  run_until([&] { return (seen & ready::readable) != 0; });
  EXPECT_LT(rounds_in(30ms), kFewRounds);
  watch.set_interest(ready::readable | ready::writable);
  seen = 0;
  connection.peer.send("y");
  run_until([&] { return seen == (ready::readable | ready::writable); });
}

TEST_P(ForeignTest, AHangUpIsToldOnceThenItIsSilentUntilInterestIsSetAgain) {
  Connection connection = make_connection(family());
  int calls = 0;
  // Hung up both ways, so that the kernel reports it whatever the interest is.
  connection.peer.close();
  ::shutdown(connection.ours.get(), SHUT_RDWR);
  constexpr std::uint8_t kBoth = ready::readable | ready::writable;
  auto& watch = reactor.watch_foreign(connection.ours.get(), kBoth, [&](std::uint8_t) { ++calls; });
  run_until([&] { return calls > 0; });
  EXPECT_LT(rounds_in(), kFewRounds) << "a hung-up descriptor spins";
  const int before = calls;
  watch.set_interest(kBoth);
  run_until([&] { return calls > before; });
  EXPECT_LT(rounds_in(), kFewRounds);
}

TEST_P(ForeignTest, TheDescriptorStaysTheCallers) {
  Connection connection = make_connection(family());
  auto& watch = reactor.watch_foreign(connection.ours.get(), ready::readable, [](std::uint8_t) {});
  watch.close();
  run_rounds(1);
  EXPECT_TRUE(is_open(connection.ours.get()));
  // It can be given to the reactor for good then.
  auto& handler = add(std::move(connection.ours), kind());
  handler.collect();
  connection.peer.send("abc");
  run_until([&] { return handler.received == "abc"; });
}

TEST_P(ForeignTest, MayCloseItselfInItsFunction) {
  Connection connection = make_connection(family());
  Reactor::ForeignWatch* watch = nullptr;
  int calls = 0;
  watch = &reactor.watch_foreign(connection.ours.get(), ready::readable | ready::writable,
                                 [&](std::uint8_t) {
                                   ++calls;
                                   watch->close();
                                 });
  connection.peer.send("x");
  run_until([&] { return calls > 0; });
  EXPECT_LT(rounds_in(30ms), kFewRounds);
  EXPECT_EQ(calls, 1);
}

TEST_P(ForeignTest, AnExceptionClosesTheWatchOnly) {
  Connection connection = make_connection(family());
  reactor.watch_foreign(connection.ours.get(), ready::readable,
                        [](std::uint8_t) { throw std::runtime_error("the library failed"); });
  connection.peer.send("x");
  run_until([&] { return log.count("the library failed") == 1; });
  EXPECT_LT(rounds_in(30ms), kFewRounds);
  EXPECT_TRUE(is_open(connection.ours.get()));
}

class ForeignOnEngine : public EngineCase {};
BUNSHIN_EVERY_ENGINE(ForeignOnEngine);

TEST_P(ForeignOnEngine, WhatCanNotBeWatchedIsAnErrorAndStaysOpen) {
  EXPECT_THROW(reactor.watch_foreign(-1, ready::readable, [](std::uint8_t) {}), std::system_error);
  run_rounds(1);
}

}  // namespace
}  // namespace bunshin::testing
