#include "bridge/share.h"

#include <gmock/gmock.h>

#include "tests/bridge/io_fixture.h"
#include "tests/support/descriptor_limit.h"

namespace bunshin::testing {
namespace {

/// A client of the engine that shares what it hears, as the bridge does.
class SharingClient : public JuliusClient {
 public:
  SharingClient(Reactor& reactor, const SocketAddress& engine)
      : JuliusClient(reactor, Endpoint::parse(engine.to_string()), "UTF-8", kSoon),
        room(std::make_shared<ShareRoom>(
            [this](std::string text) { return command(std::move(text)); })) {}
  std::shared_ptr<ShareRoom> room;

 protected:
  void handle_message(const JuliusMessage& /*message*/) override {}
  void handle_bytes(const JuliusBytes& said) override { room->engine_said(said); }
  void handle_disconnected() override {
    JuliusClient::handle_disconnected();
    room->engine_lost();
  }
};

constexpr const char* kWhole = "<STARTPROC/>\n.\n";

class ShareTest : public SettingCase {
 protected:
  ShareTest() {
    run_until([&] { return client.connected(); });
    engine = listener.accept();
  }
  /// A listener that has been taken in.
  Peer join() {
    const std::size_t before = client.room->size();
    Peer peer(server.local_address());
    run_until([&] { return client.room->size() == before + 1; });
    return peer;
  }
  void say(std::string_view bytes) {
    run_until([&] {
      bytes.remove_prefix(engine.send_now(bytes));
      return bytes.empty();
    });
    settle();
  }
  /// What the engine is told, one command.
  std::string told(std::string_view command) {
    run_until([&] { return engine.readable(); });
    return engine.receive(command.size());
  }

  Listener listener{family()};
  SharingClient& client = reactor.emplace<SharingClient>(listener.address);
  ShareServer& server =
      reactor.emplace<ShareServer>(Endpoint::parse(any_address(family()).to_string()), client.room);
  Peer engine;
};
BUNSHIN_EVERY_SETTING(ShareTest);

TEST_P(ShareTest, EveryByteReachesEveryListenerWhereverItIsCut) {
  std::vector<Peer> peers;
  for (int count = 0; count < 5; ++count) peers.push_back(join());
  const std::string bytes = read_fixture("julius/control.bin");
  for (std::size_t at = 0; at < bytes.size(); at += 97) {
    engine.send(std::string_view(bytes).substr(at, 97));
    run_rounds(1);
  }
  for (Peer& peer : peers) EXPECT_TRUE(receive(peer, bytes.size()) == bytes);
}

TEST_P(ShareTest, ALateListenerBeginsWithAMessage) {
  say("<RECOGOUT>\n");
  Peer late = join();
  say("</RECOGOUT>\n.");
  EXPECT_FALSE(late.readable());
  say(std::string("\n") + kWhole + "<INPUT");
  EXPECT_EQ(receive(late, 21), std::string(kWhole) + "<INPUT");
  Peer later = join();
  say("/>\n.\n");
  EXPECT_EQ(receive(late, 5), "/>\n.\n");
  EXPECT_FALSE(later.readable());
  Peer at_a_boundary = join();
  say(kWhole);
  for (Peer* peer : {&late, &later, &at_a_boundary}) EXPECT_EQ(receive(*peer, 15), kWhole);
}

// At every byte of a stream: what a listener hears is the rest from some message on.
TEST_P(ShareTest, WhereverItComesInItHearsWholeMessages) {
  const std::string bytes = read_fixture("julius/fruit-sjis.bin").substr(0, 700);
  std::vector<Peer> peers;
  std::vector<std::size_t> joined;
  for (std::size_t at = 0; at < bytes.size(); at += 50) {
    peers.push_back(join());
    joined.push_back(at);
    say(std::string_view(bytes).substr(at, 50));
  }
  say("\n.\n" + std::string(kWhole));
  const std::string all = bytes + "\n.\n" + kWhole;
  client.disconnect();
  for (std::size_t index = 0; index < peers.size(); ++index) {
    std::size_t begin = joined[index];
    if (begin > 0 && all.substr(begin - 3, 3) != "\n.\n") begin = all.find("\n.\n", begin - 2) + 3;
    EXPECT_EQ(receive(peers[index], all.size() - begin), all.substr(begin)) << joined[index];
    EXPECT_FALSE(peers[index].readable());
  }
}

TEST_P(ShareTest, AListenerThatDoesNotReadIsDroppedAndTheOthersHearOn) {
  Peer slow = join();
  Peer other = join();
  const std::string message = "<A>" + std::string(100'000, 'x') + "</A>\n.\n";
  std::string heard;
  std::size_t said = 0;
  run_until(
      [&] {
        say(message);
        said += message.size();
        heard += other.receive_now();
        return client.room->dropped_clients() == 1;
      },
      20s);
  heard += receive(other, said - heard.size());
  EXPECT_EQ(heard.size(), said);
  EXPECT_EQ(client.room->size(), 1U);
  EXPECT_EQ(log.count("does not read: dropped with"), 1U);
}

TEST_P(ShareTest, CommandsAreRefusedAndThatIsToldOnceAListener) {
  Peer one = join();
  Peer two = join();
  for (int count = 0; count < 100; ++count) one.send("PAUSE\n");
  two.send("DIE\r\n");
  run_until([&] { return log.count("which is refused: share.allow_control = true") == 2; });
  settle();
  EXPECT_FALSE(engine.readable());
  one.close();
  run_until([&] { return log.count("100 commands were not sent") == 1; });
  EXPECT_EQ(log.count("refused"), 2U);
  say(kWhole);
  EXPECT_EQ(receive(two, 15), kWhole) << "it is still there";
}

TEST_P(ShareTest, AllowedCommandsGoOneAtATimeEachWaitingForItsAnswer) {
  client.room->allow_control(true);
  Peer one = join();
  Peer two = join();
  one.send("VERSION\nINPUTONCHANGE\nPAU");
  EXPECT_EQ(told("VERSION\n"), "VERSION\n");
  two.send("STATUS\n");
  settle();
  one.send("SE\n");
  settle();
  EXPECT_FALSE(engine.readable()) << "the first was not answered";
  say("<ENGINEINFO/>\n.\n");
  EXPECT_EQ(told("STATUS\n"), "STATUS\n");
  say("<SYSINFO PROCESS=\"ACTIVE\"/>\n.\n");
  EXPECT_EQ(told("INPUTONCHANGE\nPAUSE\n"), "INPUTONCHANGE\nPAUSE\n");
  EXPECT_EQ(receive(one, 20), receive(two, 20)) << "answers go to all";
}

TEST_P(ShareTest, CommandsWhileTheEngineIsAwayAreRefused) {
  client.room->allow_control(true);
  Peer peer = join();
  listener.socket.reset();
  engine.close();
  run_until([&] { return !client.connected(); });
  peer.send("STATUS\n");
  run_until([&] { return log.count("refused: Julius is away") == 1; });
}

TEST_P(ShareTest, ALineThatNeverEndsIsNoCommand) {
  Peer peer = join();
  const std::string noise(300'000, '\xff');
  std::string_view left = noise;
  run_until([&] {
    left.remove_prefix(peer.send_now(left));
    return left.empty();
  });
  run_until([&] { return log.count("a line of more than 64 KiB") == 1; });
  say(kWhole);
  EXPECT_EQ(receive(peer, 15), kWhole);
}

TEST_P(ShareTest, ListenersStayWhileTheEngineIsAwayUnlessTheyHaveHalfAMessage) {
  Peer in_step = join();
  say(kWhole);
  EXPECT_EQ(receive(in_step, 15), kWhole);
  engine.close();
  run_until([&] { return log.count("lost Julius") == 1; });
  run_until([&] { return client.connected(); });
  engine = listener.accept();
  say("<RECOGOUT>\n");
  Peer late = join();
  EXPECT_EQ(receive(in_step, 11), "<RECOGOUT>\n");
  engine.close();
  EXPECT_EQ(receive_all(in_step), "");
  EXPECT_EQ(log.count("1 listeners that had its beginning"), 1U);
  run_until([&] { return client.connected(); });
  engine = listener.accept();
  say(kWhole);
  EXPECT_EQ(receive(late, 15), kWhole);
}

TEST_P(ShareTest, FinishingSendsWhatIsOwed) {
  Peer peer = join();
  say(kWhole);
  reactor.finish(5s);
  EXPECT_EQ(receive_all(peer), kWhole);
}

TEST_P(ShareTest, AThousandListeners) {
  const RoomForDescriptors room;
  std::vector<Peer> peers;
  for (int count = 0; count < 1000; ++count) {
    peers.emplace_back(server.local_address());
    run_rounds(1);
  }
  run_until([&] { return client.room->size() == 1000; }, 20s);
  const std::string bytes = read_fixture("julius/robot-commands.bin");
  say(bytes);
  for (Peer& peer : peers) ASSERT_TRUE(receive(peer, bytes.size()) == bytes);
  EXPECT_EQ(client.room->dropped_clients(), 0U);
  peers.clear();
  run_until([&] { return client.room->size() == 0; }, 20s);
}

}  // namespace
}  // namespace bunshin::testing
