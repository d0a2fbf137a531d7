#include "reactor/host.h"

#include <poll.h>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

class LookingOnTest : public SettingCase {};
BUNSHIN_EVERY_SETTING(LookingOnTest);

TEST_P(LookingOnTest, TheKernelTellsWhatWaitsInASocket) {
  Connection connection = make_connection(family());
  connection.peer.send("seventeen bytes..");
  EXPECT_EQ(kernel().queues(connection.ours.get()).in, 17U);
  EXPECT_TRUE(kernel().queues(connection.ours.get()).out);
}

TEST_P(LookingOnTest, WhatIsRememberedOfReadinessCanBeSeen) {
  auto [handler, peer] = connected();
  EXPECT_EQ(handler.known_ready(), ready::writable);
  handler.pause_reading();
  peer.send("x");
  const bool told = GetParam().engine != "io_uring";  // which receives nothing that is not wanted
  ASSERT_TRUE(!told ||
              run_until([&its = handler] { return (its.known_ready() & ready::readable) != 0; }));
  handler.collect();
  handler.resume_reading();
  ASSERT_TRUE(run_until([&its = handler] { return its.received == "x"; }));
  run_rounds(2);
  EXPECT_EQ(handler.known_ready(), ready::writable);
}

TEST(Host, TellsWhatWaitsInATty) {
  const Pty pty = make_pty();
  write_all(pty.master.get(), "five\n");
  pollfd arrived{pty.slave.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&arrived, 1, 5000), 1);
  EXPECT_EQ(kernel().queues(pty.slave.get()).in, 5U);
  EXPECT_EQ(kernel().queues(pty.slave.get()).out, 0U);
}

TEST(Host, KnowsNothingOfWhatHasNoQueues) {
  const Listener listener(Family::ipv4);
  EXPECT_FALSE(kernel().queues(listener.socket.get()).in);
  EXPECT_FALSE(kernel().queues(-1).in);
}

TEST(Host, KnowsATty) {
  const Pty pty = make_pty();
  const BlockingPipe pipe = make_blocking_pipe();
  EXPECT_TRUE(kernel().examine(pty.slave.get()).tty);
  EXPECT_FALSE(kernel().examine(pipe.read.get()).tty);
}

}  // namespace
}  // namespace bunshin::testing
