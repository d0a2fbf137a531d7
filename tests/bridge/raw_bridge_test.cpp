#include "bridge/raw_bridge.h"

#include <gmock/gmock.h>

#include "tests/bridge/io_fixture.h"

namespace bunshin::testing {
namespace {

class RawBridgeTest : public SettingCase {
 protected:
  RawBridge& join(const SocketAddress& address, const std::string& line,
                  RawDirection direction = RawDirection::to_line) {
    return reactor.emplace<RawBridge>(Endpoint::parse(address.to_string()), SerialConfig{line},
                                      direction, kSoon);
  }
  Peer accept(const Listener& listener, const RawBridge& bridge) {
    run_until([&] { return bridge.connected(); });
    return listener.accept();
  }
  RawSerial& line() {
    RawSerial* found = nullptr;
    reactor.for_each([&](EventHandler& handler) {
      if (auto* serial = dynamic_cast<RawSerial*>(&handler)) found = serial;
    });
    return *found;
  }
};
BUNSHIN_EVERY_SETTING(RawBridgeTest);

TEST_P(RawBridgeTest, CarriesEveryByte) {
  const Pty pty = make_pty();
  const Listener listener(family());
  const auto& bridge = join(listener.address, pty.slave_path);
  Peer peer = accept(listener, bridge);
  const std::string data = read_fixture("julius/robot-nbest.bin") + pattern(300'000);
  std::string_view rest = data;
  std::string got;
  run_until([&] {
    rest.remove_prefix(peer.send_now(rest));
    got += read_now(pty.master.get());
    return got.size() >= data.size();
  });
  EXPECT_EQ(got, data);
  EXPECT_EQ(bridge.carried(), data.size());
  EXPECT_LT(rounds_in(), kFewRounds);
}

// The line is slower than the socket: the sender waits, memory does not grow.
TEST_P(RawBridgeTest, ASlowLineHoldsTheSocketBack) {
  const Pty pty = make_pty();
  const Listener listener(family());
  const auto& bridge = join(listener.address, pty.slave_path);
  Peer peer = accept(listener, bridge);
  const std::string data = pattern(20'000'000);
  std::string_view rest = data;
  std::size_t most = 0;
  for (int i = 0; i < 200; ++i) {
    rest.remove_prefix(peer.send_now(rest));
    run_rounds(1);
    most = std::max(most, line().buffered());
  }
  EXPECT_GT(rest.size(), 0U) << "the sender has to wait";
  EXPECT_LE(most, 8192U);
  EXPECT_LT(rounds_in(), kFewRounds) << "waiting must not spin";
  // It goes on without a new edge from the socket when the line drains.
  std::string got;
  const std::size_t sent = data.size() - rest.size();
  run_until([&] {
    got += read_now(pty.master.get());
    most = std::max(most, line().buffered());
    return got.size() >= sent;
  });
  EXPECT_EQ(got, data.substr(0, sent));
  EXPECT_LE(most, 8192U);
}

TEST_P(RawBridgeTest, WhileTheLineIsAwayTheSocketWaits) {
  Pty pty = make_pty();
  LinePath path(pty.slave_path);
  const Listener listener(family());
  const auto& bridge = join(listener.address, path.path());
  Peer peer = accept(listener, bridge);
  path.cut();
  pty = Pty();
  run_until([&] { return !line().is_open(); });
  peer.send("said while it was away");
  rounds_in(30ms);
  EXPECT_EQ(bridge.carried(), 0U);
  pty = make_pty();
  path.lead_to(pty.slave_path);
  run_until([&] { return bridge.carried() == 22; });
  EXPECT_EQ(read_exactly(pty.master.get(), 22), "said while it was away");
}

TEST_P(RawBridgeTest, WhatTheLineSaysIsDropped) {
  const Pty pty = make_pty();
  const Listener listener(family());
  const auto& bridge = join(listener.address, pty.slave_path);
  Peer peer = accept(listener, bridge);
  set_log_level(LogLevel::debug);
  write_all(pty.master.get(), "#M1");
  run_until([&] { return log.count("the serial line says #M1") == 1; });
  set_log_level(LogLevel::info);
  EXPECT_FALSE(peer.readable());
}

TEST_P(RawBridgeTest, BothWaysItCarriesWhatTheLineSaysToo) {
  const Pty pty = make_pty();
  const Listener listener(family());
  const auto& bridge = join(listener.address, pty.slave_path, RawDirection::both_ways);
  Peer peer = accept(listener, bridge);
  const std::string data = pattern(200'000);
  std::string_view there = data;
  std::string got;
  std::size_t echoed = 0;
  std::string answers;
  run_until([&] {
    there.remove_prefix(peer.send_now(there));
    got += read_now(pty.master.get());
    echoed += write_now(pty.master.get(), std::string_view(got).substr(echoed));
    answers += peer.receive_now();
    return answers.size() >= data.size();
  });
  EXPECT_TRUE(got == data);
  EXPECT_TRUE(answers == data);
}

// The socket is slower than the line: what the line says waits in the kernel.
TEST_P(RawBridgeTest, ASlowSocketHoldsTheLineBack) {
  const Pty pty = make_pty();
  const Listener listener(family());
  const auto& bridge = join(listener.address, pty.slave_path, RawDirection::both_ways);
  Peer peer = accept(listener, bridge);
  const std::string data = pattern(24'000'000);
  std::size_t written = 0;
  std::size_t most = 0;
  for (std::size_t before = 1; before != written;) {
    before = written;
    for (int i = 0; i < 20; ++i) {
      written += write_now(pty.master.get(), std::string_view(data).substr(written));
      run_rounds(1);
      most = std::max(most, bridge.buffered());
    }
  }
  ASSERT_LT(written, data.size()) << "the line was read without end";
  EXPECT_LE(most, bridge.watermarks().high + 4096);
  EXPECT_LT(rounds_in(), kFewRounds) << "waiting must not spin";
  std::string got;
  run_until([&] {
    got += peer.receive_now();
    return got.size() >= written;
  });
  EXPECT_TRUE(got == data.substr(0, written));
}

TEST_P(RawBridgeTest, WhatTheLineSaysToNobodyIsDropped) {
  const Pty pty = make_pty();
  auto listener = std::make_unique<Listener>(family());
  const auto& bridge = join(listener->address, pty.slave_path, RawDirection::both_ways);
  Peer peer = accept(*listener, bridge);
  listener.reset();  // or else it would be connected again at once
  peer.reset();
  run_until([&] { return !bridge.connected(); });
  set_log_level(LogLevel::debug);
  write_all(pty.master.get(), "#M1");
  run_until([&] { return log.count("the serial line says #M1") == 1; });
  set_log_level(LogLevel::info);
  EXPECT_EQ(bridge.buffered(), 0U);
}

// `printf '#M1' | nc`: the answer takes its time.
TEST_P(RawBridgeTest, APeerThatHasEndedSendingStillGetsTheAnswer) {
  const Pty pty = make_pty();
  const Listener listener(family());
  const auto& bridge = join(listener.address, pty.slave_path, RawDirection::both_ways);
  Peer peer = accept(listener, bridge);
  peer.send("#M1");
  peer.shut_down_sending();
  run_until([&] { return bridge.ended(); });
  EXPECT_EQ(read_exactly(pty.master.get(), 3), "#M1");
  EXPECT_LT(rounds_in(150ms), kFewRounds) << "waiting must not spin";
  write_all(pty.master.get(), "#M1");
  EXPECT_EQ(receive(peer, 3), "#M1");
  EXPECT_TRUE(bridge.connected());
}

TEST_P(RawBridgeTest, APeerThatHasEndedSendingIsLeftWhenTheLineIsSilent) {
  const Pty pty = make_pty();
  const Listener listener(family());
  const auto& bridge = join(listener.address, pty.slave_path, RawDirection::both_ways);
  Peer peer = accept(listener, bridge);
  peer.shut_down_sending();
  run_until([&] { return bridge.ended(); });
  rounds_in(500ms);
  write_all(pty.master.get(), "#M1");
  EXPECT_EQ(receive(peer, 3), "#M1");
  const auto answered = Clock::now();
  EXPECT_EQ(receive_all(peer), "");
  EXPECT_GE(Clock::now() - answered, 900ms) << "a second after the last byte";
  run_until([&] { return bridge.connected(); });
  Peer next = listener.accept();
  next.send("#M2");
  run_until([&] { return bridge.carried() == 3; });
}

TEST_P(RawBridgeTest, FinishingSendsWhatWasRead) {
  const Pty pty = make_pty();
  const Listener listener(family());
  const auto& bridge = join(listener.address, pty.slave_path);
  Peer peer = accept(listener, bridge);
  const std::string data = pattern(100'000);
  peer.send_now(data);
  run_until([&] { return line().buffered() > 0; });
  const std::size_t carried = bridge.carried();
  reactor.finish(5s);
  run_rounds(2);
  peer.close();
  std::string got;
  run_until([&] {
    got += read_now(pty.master.get());
    return got.size() >= carried;
  });
  EXPECT_EQ(got, data.substr(0, carried));
  reactor.run();
  EXPECT_EQ(log.count("did not finish in time"), 0U);
}

}  // namespace
}  // namespace bunshin::testing
