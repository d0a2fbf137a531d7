// What the loop does with errors: exceptions lose nothing and end nobody else.

#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

class ReactorErrorsTest : public EngineCase {
 protected:
  std::pair<TestHandler&, Peer> connected() {
    Connection connection = make_connection(Family::ipv4);
    return {add(std::move(connection.ours), Kind::inet_stream), std::move(connection.peer)};
  }
};
BUNSHIN_EVERY_ENGINE(ReactorErrorsTest);

TEST_P(ReactorErrorsTest, AnExceptionInACallbackClosesThatHandlerAlone) {
  auto [bad, bad_peer] = connected();
  auto [good, good_peer] = connected();
  bool told = false;
  bad.on_read = [&, &bad = bad] {
    reactor.recv(bad, 10);
    throw std::runtime_error("oops");
  };
  bad.on_error = [&, &bad = bad] {
    told = true;
    bad.EventHandler::handle_error();
  };
  bad.on_close = [&bad = bad] { bad.close(); };
  good.collect();
  bad_peer.send("x");
  good_peer.send("y");
  run_until([&, &good = good] { return told && good.received == "y"; });
  EXPECT_EQ(receive_all(bad_peer), "");
  EXPECT_EQ(log.count("oops"), 1U);
}

TEST_P(ReactorErrorsTest, WhatIsNoExceptionIsLoggedWithTheClass) {
  auto [bad, peer] = connected();
  bad.on_read = [] { throw 42; };
  bad.on_error = [&bad = bad] { bad.EventHandler::handle_error(); };
  bad.on_close = [&bad = bad] { bad.close(); };
  peer.send("x");
  run_until([&] { return log.count("bunshin::testing::TestHandler threw") == 1; });
}

TEST_P(ReactorErrorsTest, AnExceptionInHandleErrorOrHandleCloseIsSurvived) {
  for (const bool in_error : {true, false}) {
    auto [bad, peer] = connected();
    bool destroyed = false;
    bad.on_destroy = [&] { destroyed = true; };
    bad.on_read = [] { throw std::runtime_error("first"); };
    bad.on_error = [in_error] {
      if (in_error) throw std::runtime_error("second");
    };
    bad.on_close = [] { throw std::runtime_error("third"); };
    peer.send("x");
    run_until([&] { return destroyed; });
  }
  EXPECT_EQ(log.count("failed while it was being closed"), 2U);
}

TEST_P(ReactorErrorsTest, AnExceptionInHandleErrorsReconnectIsNoReasonToCloseTheNewConnection) {
  auto [handler, peer] = connected();
  Connection next = make_connection(Family::ipv4);
  handler.on_read = [] { throw std::runtime_error("once"); };
  handler.on_error = [&, &handler = handler] {
    handler.disconnect();
    handler.collect();
    reactor.add(handler, std::move(next.ours), Kind::inet_stream);
  };
  peer.send("x");
  next.peer.send("second");
  run_until([&handler = handler] { return handler.received == "second"; });
}

TEST_P(ReactorErrorsTest, AnExceptionOfATimerLeavesRunAndNothingIsLost) {
  auto [handler, peer] = connected();
  handler.collect();
  peer.send("still there");
  bool second = false;
  reactor.call_later(0ns, [] { throw std::runtime_error("timer"); });
  reactor.call_later(0ns, [&] { second = true; });
  EXPECT_THROW(reactor.run(), std::runtime_error);
  run_until([&, &handler = handler] { return second && handler.received == "still there"; });
}

TEST_P(ReactorErrorsTest, AnExceptionOfAPostedFunctionLeavesRunAndNothingIsLost) {
  auto [handler, peer] = connected();
  handler.collect();
  settle();
  std::string order;
  reactor.post([&] { order += 'a'; });
  reactor.post([] { throw std::runtime_error("posted"); });
  reactor.post([&] { order += 'c'; });
  reactor.post([&] { order += 'd'; });
  peer.send("the edge was in hand");
  EXPECT_THROW(reactor.run(), std::runtime_error);
  run_until([&, &handler = handler] {
    return order == "acd" && handler.received == "the edge was in hand";
  });
}

TEST_P(ReactorErrorsTest, SigpipeIsIgnoredUnlessSomebodyWantsIt) {
  struct sigaction now {};
  ::sigaction(SIGPIPE, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_IGN);
  const auto wanted = [](int) {};
  ::signal(SIGPIPE, wanted);
  const Reactor other({.engine = GetParam()});
  ::sigaction(SIGPIPE, nullptr, &now);
  EXPECT_EQ(now.sa_handler, wanted);
  ::signal(SIGPIPE, SIG_IGN);
}

TEST_P(ReactorErrorsTest, DestroyingAHandlerInItsOwnCallbackIsCaughtInReleaseBuildsToo) {
  Connection connection = make_connection(Family::ipv4);
  auto handler = std::make_unique<TestHandler>(reactor);
  handler->on_read = [&] { handler.reset(); };
  reactor.add(*handler, std::move(connection.ours), Kind::inet_stream);
  connection.peer.send("x");
  EXPECT_DEATH(run_until([&] { return handler == nullptr; }), "call close");
}

}  // namespace
}  // namespace bunshin::testing
