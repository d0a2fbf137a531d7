#include "bridge/julius_client.h"

#include <gmock/gmock.h>

#include <random>
#include <stdexcept>
#include <thread>

#include "tests/bridge/io_fixture.h"

namespace bunshin::testing {
namespace {

class TestClient : public JuliusClient {
 public:
  using JuliusClient::JuliusClient;
  void handle_connected() override { ++connects; }
  void handle_message(const JuliusMessage& message) override {
    kinds.push_back(message.kind);
    if (const auto* hypothesis = message.final_hypothesis()) said.push_back(phrase_of(*hypothesis));
    if (message.kind == throw_at) throw std::runtime_error("the handler failed");
  }
  std::vector<JuliusKind> kinds;
  std::vector<std::string> said;
  std::optional<JuliusKind> throw_at;
  int connects = 0;
};

class JuliusClientTest : public SettingCase {
 protected:
  TestClient& make_client(const SocketAddress& address, const char* encoding = "UTF-8") {
    return reactor.emplace<TestClient>(Endpoint::parse(address.to_string()), encoding, kSoon);
  }
  Peer accept(const Listener& listener, const TestClient& client) {
    run_until([&] { return client.connected(); });
    return listener.accept();
  }
  void expect_received(Peer& peer, std::string_view text) {
    run_until([&] { return peer.readable(); });
    EXPECT_EQ(peer.receive(text.size()), text);
  }
  void feed(Peer& peer, std::string_view bytes) {
    run_until([&] {
      bytes.remove_prefix(peer.send_now(bytes));
      return bytes.empty();
    });
  }
};
BUNSHIN_EVERY_SETTING(JuliusClientTest);

TEST_P(JuliusClientTest, HandsOutEveryMessageWhereverTheBytesAreCut) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  Peer peer = accept(listener, client);
  const std::string bytes = read_fixture("julius/control.bin");
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    peer.send(std::string_view(bytes).substr(at, 7));
    run_rounds(1);
  }
  run_until([&] { return client.kinds.size() == blocks_of(bytes).size(); });
  EXPECT_THAT(client.said, ::testing::ElementsAre("右を向け", "右を向け", "止まれ", "緑 に 光れ"));
  EXPECT_EQ(client.skipped(), 0U);
  EXPECT_LT(rounds_in(), kFewRounds);
}

TEST_P(JuliusClientTest, WaitsForAnEngineThatIsNotThereYet) {
  auto listener = std::make_unique<Listener>(family());
  const SocketAddress address = listener->address;
  listener.reset();
  TestClient& client = make_client(address);
  run_until([&] { return log.count("cannot reach Julius") == 1; });
  EXPECT_LT(rounds_in(100ms), 500U) << "trying again must wait in between";
  const auto& server =
      reactor.emplace<SimulatedJulius>(Endpoint::parse(address.to_string()),
                                       JuliusTranscript::load(fixture_path("julius/fruit-sjis")),
                                       SimulatedJulius::Options{0, false});
  run_until([&] { return client.connects == 1; });
  EXPECT_EQ(log.count("cannot reach Julius"), 1U) << "one line a change of state";
  run_until([&] {
    return log.count("connected to Julius at " + server.local_address().to_string()) == 1;
  });
}

TEST_P(JuliusClientTest, AnEngineThatGoesAwayIsConnectedToAgain) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  Peer peer = accept(listener, client);
  peer.send("<STARTPROC/>\n.\n<RECOGOUT>\n  <SHYPO RANK=\"1\">\n");  // the rest never comes
  run_until([&] { return client.kinds.size() == 1; });
  peer.close();
  run_until([&] { return client.connects == 2; });
  peer = listener.accept();
  peer.send(spoken({"止まれ"}));
  run_until([&] { return client.said.size() == 1; });
  EXPECT_THAT(client.said, ::testing::ElementsAre("止まれ"));
  EXPECT_EQ(client.skipped(), 0U) << "what the first connection began is forgotten";
  EXPECT_EQ(log.count("lost Julius"), 1U);
  EXPECT_EQ(log.count("connected to Julius"), 2U);
  EXPECT_EQ(log.count("cannot reach"), 0U);
}

TEST_P(JuliusClientTest, AResetIsNoMoreThanAnEnd) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  Peer peer = accept(listener, client);
  peer.send("<STARTPROC/>\n.\n");
  run_until([&] { return client.kinds.size() == 1; });
  peer.reset();
  run_until([&] { return client.connects == 2; });
  EXPECT_EQ(log.count("lost Julius"), 1U);
}

// The kernel takes connections for an engine that serves nobody.
TEST_P(JuliusClientTest, ConnectedIsWhenTheEngineHasSpoken) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  for (int i = 0; i < 3; ++i) {
    Peer peer = accept(listener, client);
    peer.close();
    run_until([&] { return client.connects == i + 2; });
  }
  EXPECT_EQ(log.count("connected to Julius"), 0U);
  EXPECT_EQ(log.count("took the connection and said nothing"), 1U) << "one line a change of state";
  Peer peer = listener.accept();
  peer.send("<STARTPROC/>\n.\n<INPUT STATUS=\"LISTEN\" TIME=\"0\"/>\n.\n");
  run_until([&] { return client.kinds.size() == 2; });
  EXPECT_EQ(log.count("connected to Julius"), 1U);
}

TEST_P(JuliusClientTest, ASilentEngineIsWokenOnceAndThenComplainedOf) {
  const Listener listener(family());
  auto& client = reactor.emplace<TestClient>(Endpoint::parse(listener.address.to_string()), "UTF-8",
                                             kSoon, JuliusClient::Patience{20ms, 20ms});
  Peer peer = accept(listener, client);
  expect_received(peer, "RESUME\n");
  run_until([&] { return log.count("takes the connection and says nothing, not even to") == 1; });
  rounds_in(100ms);
  EXPECT_FALSE(peer.readable()) << "RESUME is said once";
  EXPECT_EQ(log.count("says nothing, not even to"), 1U);
  EXPECT_EQ(client.state_text(), "connected and silent");
  peer.send("<STARTPROC/>\n.\n");
  run_until([&] { return log.count("connected to Julius") == 1; });
}

TEST_P(JuliusClientTest, AnEngineThatWasPausedIsWoken) {
  auto& server =
      reactor.emplace<SimulatedJulius>(Endpoint::parse(any_address(family()).to_string()),
                                       JuliusTranscript::load(fixture_path("julius/fruit-sjis")),
                                       SimulatedJulius::Options{0, false});
  {
    Peer other(server.local_address());
    other.send("PAUSE\n");
    run_until([&] { return other.readable(); });
    settle();
  }
  auto& client =
      reactor.emplace<TestClient>(Endpoint::parse(server.local_address().to_string()), "Shift_JIS",
                                  kSoon, JuliusClient::Patience{20ms, 20ms});
  run_until([&] { return client.said.size() == 1; });
  EXPECT_EQ(log.count("RESUME is sent"), 1U);
  EXPECT_EQ(log.count("connected to Julius"), 1U);
}

TEST_P(JuliusClientTest, WhetherTheEngineListensIsTold) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  Peer peer = accept(listener, client);
  peer.send("<STARTPROC/>\n.\n");
  run_until([&] { return client.kinds.size() == 1; });
  EXPECT_EQ(log.count("STARTPROC"), 0U) << "it is connected to";
  peer.send("<STOPPROC/>\n.\n");
  run_until([&] { return log.count("Julius has stopped listening (STOPPROC)") == 1; });
  EXPECT_EQ(client.state_text(), "asleep");
  peer.send("<STARTPROC/>\n.\n");
  run_until([&] { return log.count("Julius listens again (STARTPROC)") == 1; });
}

TEST_P(JuliusClientTest, MutingItIsNoNews) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  Peer peer = accept(listener, client);
  client.mute();
  client.mute();
  expect_received(peer, "TERMINATE\n");
  peer.send("<STOPPROC/>\n.\n");
  run_until([&] { return client.kinds.size() == 1; });
  client.unmute();
  client.unmute();
  expect_received(peer, "RESUME\n");
  peer.send("<STARTPROC/>\n.\n");
  run_until([&] { return client.kinds.size() == 2; });
  EXPECT_EQ(log.count("STOPPROC"), 0U);
  EXPECT_EQ(log.count("STARTPROC"), 0U);
  EXPECT_FALSE(peer.readable());
}

TEST_P(JuliusClientTest, WhoLeavesLetsTheEngineListen) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  Peer peer = accept(listener, client);
  client.mute();
  expect_received(peer, "TERMINATE\n");
  reactor.finish(5s);
  run_rounds(2);
  EXPECT_EQ(peer.receive_all(), "RESUME\n");
}

TEST_P(JuliusClientTest, SendsOneCommandAtATime) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  EXPECT_FALSE(client.command(JuliusVerb::status)) << "not connected";
  Peer peer = accept(listener, client);
  const auto asked = Clock::now();
  EXPECT_TRUE(client.command(JuliusVerb::status));
  EXPECT_TRUE(client.command(JuliusVerb::version));
  EXPECT_TRUE(client.command(JuliusVerb::pause));
  expect_received(peer, "STATUS\n");
  peer.send("<INPUT STATUS=\"LISTEN\" TIME=\"0\"/>\n.\n");
  run_until([&] { return client.kinds.size() == 1; });
  EXPECT_TRUE(!peer.readable() || Clock::now() - asked >= 200ms) << "that was no answer";
  const auto began = Clock::now();
  peer.send("<SYSINFO PROCESS=\"ACTIVE\"/>\n.\n");
  expect_received(peer, "VERSION\n");
  expect_received(peer, "PAUSE\n");  // though VERSION is never answered
  EXPECT_GE(Clock::now() - began, 200ms);
}

// The answer lies in the socket's queue when the process goes on: one is not taken for two.
TEST_P(JuliusClientTest, AnAnswerThatCameWhileWeWereAwayIsNotLate) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  Peer peer = accept(listener, client);
  for (const auto verb : {JuliusVerb::status, JuliusVerb::version, JuliusVerb::pause}) {
    client.command(verb);
  }
  expect_received(peer, "STATUS\n");
  peer.send("<SYSINFO PROCESS=\"ACTIVE\"/>\n.\n");
  std::this_thread::sleep_for(300ms);  // we are away: the passing of time is what is tested
  run_until([&] { return client.kinds.size() == 1; });
  const auto answered = Clock::now();
  expect_received(peer, "VERSION\n");
  expect_received(peer, "PAUSE\n");
  EXPECT_GE(Clock::now() - answered, 150ms) << "VERSION has its own time to be answered";
}

TEST_P(JuliusClientTest, CommandsThatWaitEndWithTheConnection) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  Peer peer = accept(listener, client);
  client.command(JuliusVerb::status);
  client.command(JuliusVerb::pause);
  peer.close();
  run_until([&] { return client.connects == 2; });
  peer = listener.accept();
  client.command(JuliusVerb::resume);
  expect_received(peer, "RESUME\n");
}

TEST_P(JuliusClientTest, RandomBytesAreSurvived) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  Peer peer = accept(listener, client);
  std::mt19937 random(7);
  std::string noise(100'000, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  feed(peer, noise + "\n.\n" + spoken({"止まれ"}));
  run_until([&] { return !client.said.empty(); });
  EXPECT_EQ(client.said, std::vector<std::string>{"止まれ"});
  EXPECT_GE(client.skipped() + client.damaged(), 1U);
  EXPECT_EQ(client.connects, 1);
}

TEST_P(JuliusClientTest, TenMegabytesWithoutAnEndAreSkipped) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  Peer peer = accept(listener, client);
  feed(peer, std::string(10'000'000, 'x'));
  run_until([&] { return client.skipped() == 1; });
  feed(peer, "\n.\n" + spoken({"止まれ"}));
  run_until([&] { return client.said.size() == 1; });
  EXPECT_EQ(client.skipped(), 1U);
}

TEST_P(JuliusClientTest, DecodesTheEncodingItIsTold) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address, "Shift_JIS");
  Peer peer = accept(listener, client);
  feed(peer, read_fixture("julius/fruit-sjis.bin"));
  run_until([&] { return !client.said.empty(); });
  EXPECT_THAT(client.said, ::testing::ElementsAre("リンゴ 3 個 を ください"));
}

TEST_P(JuliusClientTest, AWrongEncodingIsToldOnce) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address, "UTF-8");
  Peer peer = accept(listener, client);
  for (int i = 0; i < 3; ++i) feed(peer, read_fixture("julius/fruit-sjis.bin"));
  run_until([&] { return client.damaged() == 3; });
  EXPECT_EQ(log.count("are not UTF-8 (julius.encoding)"), 1U);
  EXPECT_THROW(make_client(listener.address, "EBCDIC-NOT"), std::invalid_argument);
}

TEST_P(JuliusClientTest, AHandlerThatThrowsCostsTheConnectionOnly) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  client.throw_at = JuliusKind::stopproc;
  Peer peer = accept(listener, client);
  peer.send("<STOPPROC/>\n.\n");
  run_until([&] { return client.connects == 2; });
  EXPECT_EQ(log.count("the handler failed"), 1U);
}

TEST_P(JuliusClientTest, FinishingLeavesPolitely) {
  const Listener listener(family());
  TestClient& client = make_client(listener.address);
  Peer peer = accept(listener, client);
  peer.send("<STARTPROC/>\n.\n");  // unread when it finishes
  reactor.finish(5s);
  run_rounds(2);
  EXPECT_EQ(peer.receive_all(), "");
  peer.close();
  const auto began = Clock::now();
  reactor.run();
  EXPECT_LT(Clock::now() - began, 1s);
}

TEST_P(JuliusClientTest, FinishingWhileNobodyIsThereEndsAtOnce) {
  make_client(refusing_address(family()));
  run_until([&] { return log.count("cannot reach Julius") == 1; });
  reactor.finish(5s);
  const auto began = Clock::now();
  reactor.run();
  EXPECT_LT(Clock::now() - began, 1s);
}

}  // namespace
}  // namespace bunshin::testing
