// The three models of Reactor::add serve the same handlers with the same result.

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <thread>

#include "tests/support/fixture.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

class ModelsTest : public SettingCase {
 protected:
  static constexpr Model kModels[] = {Model::remembered, Model::drain, Model::level};
};
BUNSHIN_EVERY_SETTING(ModelsTest);

TEST_P(ModelsTest, MoveTheSameBytes) {
  for (const Model model : kModels) {
    auto [handler, peer] = connected(model);
    handler.collect(1000).expect_close();
    std::thread sender([&peer = peer] {
      peer.send(pattern(500000));
      peer.shut_down_sending();
    });
    run_until([&handler = handler] { return handler.closes == 1; });
    sender.join();
    EXPECT_EQ(handler.received.size(), 500000U) << static_cast<int>(model);
    EXPECT_TRUE(handler.received == pattern(500000)) << static_cast<int>(model);
    EXPECT_EQ(handler.close_error, 0);
  }
}

TEST_P(ModelsTest, SleepWhenThereIsNothingToDo) {
  for (const Model model : kModels) {
    auto [handler, peer] = connected(model);
    handler.collect();
    peer.send("abc");
    run_until([&handler = handler] { return handler.received == "abc"; });
    settle();
    EXPECT_LT(rounds_in(30ms), kFewRounds);
    handler.close();
  }
}

TEST_P(ModelsTest, PauseAndResume) {
  for (const Model model : kModels) {
    auto [handler, peer] = connected(model);
    handler.collect().expect_close();
    handler.pause_reading();
    peer.send("abc");
    EXPECT_LT(rounds_in(30ms), kFewRounds);
    EXPECT_EQ(handler.called, 0U);
    handler.resume_reading();
    run_until([&handler = handler] { return handler.received == "abc"; });
    handler.pause_reading();
    peer.send("def");
    peer.close();
    EXPECT_LT(rounds_in(30ms), kFewRounds) << "hung up and paused";
    EXPECT_EQ(handler.received, "abc");
    handler.resume_reading();
    run_until([&handler = handler] { return handler.closes == 1; });
    EXPECT_EQ(handler.received, "abcdef");
  }
}

TEST_P(ModelsTest, RefuseUntilAnotherDrains) {
  for (const Model model : kModels) {
    auto [handler, peer] = connected<AskedHandler>(model);
    handler.collect().expect_close();
    handler.wants_read = false;
    peer.send("abc");
    EXPECT_LT(rounds_in(30ms), kFewRounds);
    EXPECT_EQ(handler.called, 0U);
    reactor.call_later(1ms, [&handler = handler] { handler.wants_read = true; });
    run_until([&handler = handler] { return handler.received == "abc"; });
    handler.wants_read = false;
    peer.close();
    EXPECT_LT(rounds_in(30ms), kFewRounds) << "hung up and refused";
    handler.wants_read = true;
    run_until([&handler = handler] { return handler.closes == 1; });
  }
}

TEST_P(ModelsTest, WriteUntilFullAndOnWhenThereIsRoom) {
  for (const Model model : kModels) {
    auto [handler, peer] = connected(model);
    const std::string text = pattern(3 * 1024 * 1024);
    std::string_view left = text;
    handler.on_write = [&, &handler = handler] {
      left.remove_prefix(reactor.send(handler, left).bytes);
      if (left.empty()) handler.want_write(false);
    };
    handler.want_write(true);
    EXPECT_TRUE(receive(peer, text.size()) == text);
    EXPECT_LT(rounds_in(30ms), kFewRounds);
    handler.close();
  }
}

TEST_P(ModelsTest, CloseWhenThePeerIsGone) {
  for (const Model model : kModels) {
    auto [handler, peer] = connected(model);
    handler.collect().expect_close();
    peer.send("last words");
    peer.close();
    run_until([&handler = handler] { return handler.closes == 1; });
    EXPECT_EQ(handler.received, "last words");
  }
}

TEST_P(ModelsTest, StayQuietAfterTheEndWasTold) {
  for (const Model model : kModels) {
    auto [handler, peer] = connected(model);
    handler.collect();
    handler.on_close = [&handler = handler] { ++handler.closes; };  // stays open
    peer.close();
    run_until([&handler = handler] { return handler.closes == 1; });
    EXPECT_LT(rounds_in(30ms), kFewRounds);
    EXPECT_EQ(handler.closes, 1);
    handler.close();
  }
}

TEST_P(ModelsTest, ParkThoseWhoDoNothing) {
  for (const Model model : kModels) {
    auto [handler, peer] = connected(model);
    handler.on_read = [] {};
    peer.send("x");
    EXPECT_LT(rounds_in(), 20 + kFewRounds);
    EXPECT_EQ(handler.called, 16U);
    handler.close();
  }
  EXPECT_EQ(log.count("did nothing"), 3U);
}

// Sending nothing is doing nothing. (Found by the simulation: it went on for ever.)
TEST_P(ModelsTest, ParkThoseWhoSendNothingAndGoOnReading) {
  for (const Model model : kModels) {
    auto [handler, peer] = connected(model);
    int writes = 0;
    handler.on_write = [&, its = &handler] {
      ++writes;
      its->reactor().send(*its, "");
    };
    handler.collect();
    handler.want_write(true);
    EXPECT_LT(rounds_in(), 20 + kFewRounds);
    EXPECT_EQ(writes, 16);
    peer.send("hello");
    run_until([its = &handler] { return its->received == "hello"; });
    handler.close();
  }
}

TEST_P(ModelsTest, Connect) {
  for (const Model model : kModels) {
    const Listener listener(family());
    auto& handler = reactor.emplace<TestHandler>();
    bool connected = false;
    handler.on_connect = [&] { connected = true; };
    handler.collect();
    reactor.connect(handler, listener.address, model);
    run_until([&] { return connected; });
    Peer peer = listener.accept();
    peer.send("hello");
    run_until([&] { return handler.received == "hello"; });
    EXPECT_LT(rounds_in(30ms), kFewRounds);
    handler.close();
  }
}

/// What the models differ in, where it can be counted.
class EpollModels : public SettingCase {};
INSTANTIATE_TEST_SUITE_P(On, EpollModels,
                         ::testing::Values(Setting{"epoll", Family::ipv4},
                                           Setting{"epoll", Family::ipv6},
                                           Setting{"epoll", Family::unix_domain}),
                         name_of);

TEST_P(EpollModels, OnlyLevelChangesInterestBySystemCalls) {
  for (const Model model : {Model::remembered, Model::drain}) {
    auto [handler, peer] = connected(model);
    handler.collect();
    const std::size_t before = calls(Call::control);
    for (int time = 0; time < 10; ++time) {
      handler.pause_reading();
      peer.send("x");
      settle();
      handler.resume_reading();
      settle();
    }
    EXPECT_EQ(handler.received, "xxxxxxxxxx");
    EXPECT_EQ(calls(Call::control), before);
    handler.close();
    EXPECT_EQ(calls(Call::control), before + 1);
  }
  auto [handler, peer] = connected(Model::level);
  handler.collect();
  settle();
  const std::size_t before = calls(Call::control);
  handler.pause_reading();
  handler.resume_reading();
  EXPECT_EQ(calls(Call::control), before + 2);
}

TEST_P(EpollModels, Rule_Exhausted_OnlyRememberedTakesAShortReadForTheEnd) {
  const bool internet = GetParam().internet();
  for (const Model model : {Model::remembered, Model::drain}) {
    auto [handler, peer] = connected(model);
    handler.collect();
    settle();
    const std::size_t before = calls(Call::recv);
    peer.send("abc");
    settle();
    // On a unix socket a short read may have stopped at passed descriptors.
    const bool trusts = internet && model == Model::remembered;
    EXPECT_EQ(calls(Call::recv) - before, trusts ? 1U : 2U);
    handler.close();
  }
}

TEST_P(EpollModels, AMessageCostsOneReceiveOneSendAndAtMostOneWait) {
  if (!GetParam().internet()) return;  // needs a second receive there, see above
  auto [handler, peer] = connected();
  handler.on_read = [&, &handler = handler] {
    const std::string_view data = reactor.recv(handler, 65536);
    if (!data.empty()) reactor.send(handler, data);
  };
  peer.send("warm up");
  EXPECT_EQ(receive(peer, 7), "warm up");
  constexpr std::size_t kMessages = 100;
  const std::size_t receives = calls(Call::recv);
  const std::size_t sends = calls(Call::send);
  const std::size_t waits = calls(Call::wait);
  const std::size_t controls = calls(Call::control);
  for (std::size_t message = 0; message < kMessages; ++message) {
    peer.send("ping");  // one call of ours to send, see below
    reactor.run_once(5s);
    EXPECT_EQ(peer.receive(4), "ping");  // and one to receive
  }
  EXPECT_EQ(calls(Call::recv) - receives, 2 * kMessages);
  EXPECT_EQ(calls(Call::send) - sends, 2 * kMessages);
  EXPECT_EQ(calls(Call::wait) - waits, kMessages);
  EXPECT_EQ(calls(Call::control) - controls, 0U);
}

}  // namespace
}  // namespace bunshin::testing
