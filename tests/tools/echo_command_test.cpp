#include <signal.h>

#include <chrono>

#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using Time = std::chrono::steady_clock;

std::string say(Peer& peer, const std::string& text) {
  peer.send(text);
  return peer.receive(text.size());
}

class EchoCommandOn : public ::testing::TestWithParam<Setting> {};
BUNSHIN_EVERY_SETTING(EchoCommandOn);

TEST_P(EchoCommandOn, SaysWhereItListensAndEchoes) {
  Server server({"echo", "--engine", GetParam().engine}, GetParam().family);
  EXPECT_TRUE(!GetParam().internet() || server.address.numeric()->port() != 0) << "the real port";
  EXPECT_EQ(server.output(), "listening on " + server.address.to_string() + "\n");
  Peer one = server.connect();
  Peer two = server.connect();
  EXPECT_EQ(say(two, "second"), "second");
  EXPECT_EQ(say(one, "first"), "first");
  one.close();
  two.close();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_EQ(server.errors(), "");
}

TEST_P(EchoCommandOn, SeveralThreadsShareTheClients) {
  Server server({"echo", "--engine", GetParam().engine, "--threads", "3"}, GetParam().family);
  std::vector<Peer> peers;
  for (int number = 0; number < 12; ++number) peers.push_back(server.connect());
  for (Peer& peer : peers) EXPECT_EQ(say(peer, "hello"), "hello");
  for (Peer& peer : peers) peer.close();
  server.signal(SIGINT);
  EXPECT_EQ(server.wait(), 0);
}

TEST_P(EchoCommandOn, SeveralThreadsShareTheirPortWithNobodyElse) {
  Server server({"echo", "--engine", GetParam().engine, "--threads", "2"}, GetParam().family);
  const std::string address = server.address.to_string();
  for (const std::string threads : {"1", "2"}) {
    const auto [status, line] = failure_of({"echo", address, "--threads", threads});
    EXPECT_EQ(status, 1);
    EXPECT_THAT(line, HasSubstr("cannot listen on " + address));
  }
}

TEST(EchoCommand, ASignalFinishesWhatIsOwed) {
  Server server({"echo"});
  Peer idle = server.connect();
  Peer slow = server.connect();
  const std::string text = pattern(3 * 1000 * 1000);
  slow.send_now(text);
  EXPECT_EQ(say(idle, "x"), "x");
  server.signal(SIGTERM);
  EXPECT_EQ(idle.receive_all(), "") << "an end of file, no reset";
  idle.close();
  const std::string got = slow.receive_all();
  EXPECT_TRUE(!got.empty() && got == text.substr(0, got.size()));
  slow.close();
  const auto start = Time::now();
  EXPECT_EQ(server.wait(), 0);
  EXPECT_LT(Time::now() - start, 1500ms) << "everybody has left";
}

/// A client that reads nothing: the server owes it what it has buffered.
struct Debt {
  Debt(const Server& server, Peer& witness) : peer(server.connect()) {
    const std::string flood(1000 * 1000, 'x');
    // Until the server reads no more. Each answer to the witness says that it had its turn.
    for (int refused = 0; refused < 3;) {
      refused = peer.send_now(flood) == 0 ? refused + 1 : 0;
      say(witness, "are you there?");
    }
  }
  Peer peer;
};

TEST(EchoCommand, ASecondSignalEndsAtOnce) {
  Server server({"echo"});
  Peer witness = server.connect();
  const Debt debt(server, witness);
  server.signal(SIGTERM);
  EXPECT_EQ(witness.receive_all(), "");
  const auto start = Time::now();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_LT(Time::now() - start, 2s);
}

TEST(EchoCommand, FiveSecondsAreEnough) {
  Server server({"echo"});
  Peer witness = server.connect();
  const Debt debt(server, witness);
  witness.close();
  const auto start = Time::now();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_GE(Time::now() - start, 4s) << "it was given no time";
  EXPECT_LT(Time::now() - start, 8s);
  EXPECT_THAT(server.errors(), HasSubstr("1 bunshin::EchoHandler did not finish in time"));
}

TEST(EchoCommand, VerboseAndOneAtATimeAsTheCourseShowsIt) {
  Server server({"echo", "--one-at-a-time", "--verbose"});
  Peer one = server.connect();
  const std::string name = one.local_address().to_string();
  EXPECT_EQ(say(one, "hello\x1b[2J\n"), "hello\x1b[2J\n");
  one.close();
  Peer two = server.connect();
  EXPECT_EQ(say(two, "bye"), "bye");
  server.wait_for_output("Received -> bye\n");
  EXPECT_EQ(server.output(), "listening on " + server.address.to_string() +
                                 "\nWaiting for connections...\n...connected from: " + name +
                                 "\nReceived -> hello^[[2J\n..." + name +
                                 " left\nWaiting for connections...\n...connected from: " +
                                 two.local_address().to_string() + "\nReceived -> bye\n");
  // The server goes before its client.
  server.signal(SIGTERM);
  EXPECT_EQ(two.receive_all(), "");
  two.close();
  EXPECT_EQ(server.wait(), 0);
}

TEST(EchoCommand, LimitsItsClients) {
  Server server({"echo", "--max-clients", "1", "--idle-timeout", "0.2"});
  Peer one = server.connect();
  EXPECT_EQ(say(one, "hello"), "hello");
  Peer two = server.connect();
  EXPECT_EQ(say(two, "after it"), "after it");
  EXPECT_EQ(one.receive_all(), "") << "it was there first, and said no more";
}

TEST(EchoCommand, TheStopWordStopsAllThreads) {
  for (const std::string threads : {"1", "3"}) {
    Server server({"echo", "--stop-word", "balse", "--stamp", "--threads", threads});
    Peer one = server.connect();
    Peer two = server.connect();
    two.send("not balse\n");
    EXPECT_THAT(two.receive(37), MatchesRegex("\\[.*\\] not balse\n"));
    one.send("balse");
    EXPECT_THAT(one.receive_all(), MatchesRegex("\\[.*\\] balse"));
    EXPECT_EQ(two.receive_all(), "");
    const std::string name = one.local_address().to_string();
    one.close();
    two.close();
    EXPECT_EQ(server.wait(), 0);
    EXPECT_EQ(server.errors(), name + " said the stop word: the server ends\n");
  }
}

TEST(EchoCommand, UsageErrorsAreOneLineThatHelps) {
  const std::pair<std::vector<std::string>, std::string> mistakes[] = {
      {{"echo", "127.0.0.1"}, "port"},
      {{"echo", "127.0.0.1:99999"}, "65535"},
      {{"echo", "--colour"}, "--colour"},
      {{"echo", "--threads", "0"}, "--threads"},
      {{"echo", "--threads", "2", "--one-at-a-time"}, "--threads"},
      {{"echo", "--threads", "2", "--max-clients", "9"}, "--threads"},
      {{"echo", "--max-clients", "0"}, "--max-clients"},
      {{"echo", "--idle-timeout", "-1"}, "--idle-timeout"},
      {{"echo", "--spin", "soon"}, "--spin"},
      {{"ehco"}, "command"},
      {{}, "command"},
  };
  for (const auto& [arguments, reason] : mistakes) {
    const auto [status, line] = failure_of(arguments);
    EXPECT_EQ(status, 2) << line;
    EXPECT_THAT(line, HasSubstr(reason));
  }
}

TEST(EchoCommand, AnAddressInUseAndAnUnknownEngine) {
  const Listener taken(Family::ipv4);
  const std::string address = taken.address.to_string();
  const auto [status, line] = failure_of({"echo", address});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(line, HasSubstr("cannot listen on " + address));
  const auto [other, why] = failure_of({"echo", "--engine", "steam", "127.0.0.1:0"});
  EXPECT_EQ(other, 2);
  EXPECT_THAT(why, HasSubstr("steam"));
  EXPECT_THAT(why, HasSubstr("poll"));
}

}  // namespace
}  // namespace bunshin::testing
