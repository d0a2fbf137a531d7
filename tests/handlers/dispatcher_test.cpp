#include "handlers/dispatcher.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <future>
#include <memory>
#include <string>

#include "tests/handlers/noted.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DispatcherTest : public SettingCase {
 protected:
  TestServer& listening(const Endpoint& endpoint) {
    auto& server = reactor.emplace<TestServer>();
    server.listen_on(endpoint);
    return server;
  }
  TestServer& listening() { return listening(any_endpoint(family())); }

  using Client = Noted<Dispatcher>;
  Notes notes;
};
BUNSHIN_EVERY_SETTING(DispatcherTest);

TEST_P(DispatcherTest, ListensWhereItWasToldAndAccepts) {
  auto& server = listening();
  const SocketAddress address = server.local_address();
  EXPECT_TRUE(!address.is_internet() || address.port() != 0) << "the real port";
  std::vector<SocketAddress> peers;
  server.on_accepted = [&](StreamSocket socket, const SocketAddress& peer) {
    EXPECT_EQ(socket.kind, kind());
    peers.push_back(peer);
    auto& client = reactor.emplace<Client>(notes, std::move(socket));
    EXPECT_EQ(client.send("welcome").bytes, 7U);
  };
  Peer one(address);
  Peer two(address);
  EXPECT_EQ(receive(one, 7), "welcome");
  EXPECT_EQ(receive(two, 7), "welcome");
  EXPECT_THAT(peers, ElementsAre(one.local_address(), two.local_address()));
}

TEST_P(DispatcherTest, StepByStepAsThePythonProgramDoes) {
  auto& server = reactor.emplace<TestServer>();
  server.create_socket(any_address(family()).family());
  server.set_reuse_addr();
  server.bind(any_address(family()));
  EXPECT_EQ(server.descriptor(), -1) << "a socket that does not listen reports itself hung up";
  server.listen(5);
  server.on_accepted = [&](StreamSocket socket, const SocketAddress&) {
    reactor.emplace<Client>(notes, std::move(socket));
  };
  Peer peer(server.local_address());
  peer.send("hello");
  run_until([&] { return notes.received == "hello"; });
}

TEST_P(DispatcherTest, WhatNobodyTakesIsClosed) {
  auto& server = reactor.emplace<Dispatcher>();
  server.listen_on(any_endpoint(family()));
  Peer peer(server.local_address());
  EXPECT_EQ(receive_all(peer), "");
}

TEST_P(DispatcherTest, AnAddressInUseIsNamed) {
  auto& server = listening();
  const Endpoint taken = endpoint_of(server.local_address());
  auto& second = reactor.emplace<TestServer>();
  EXPECT_THAT(sentence_of([&] { second.listen_on(taken); }, EADDRINUSE),
              HasSubstr("cannot listen on " + taken.to_string() + ": "));
  // The first is not disturbed, by the second's end neither.
  second.close();
  settle();
  server.on_accepted = [&](StreamSocket socket, const SocketAddress&) {
    reactor.emplace<Client>(notes, std::move(socket));
  };
  Peer peer(server.local_address());
  peer.send("still here");
  run_until([&] { return notes.received == "still here"; });
}

TEST_P(DispatcherTest, TheAddressIsFreeAgainAfterwards) {
  auto& server = listening();
  const SocketAddress address = server.local_address();
  server.on_accepted = [&](StreamSocket socket, const SocketAddress&) {
    reactor.emplace<Client>(notes, std::move(socket)).close();  // first: TIME_WAIT is on our side
  };
  Peer peer(address);
  EXPECT_EQ(receive_all(peer), "");
  peer.close();
  server.close();
  settle();
  EXPECT_EQ(listening(endpoint_of(address)).local_address(), address);
}

TEST_P(DispatcherTest, ConnectsAndTalks) {
  const Listener listener(family());
  auto& client = reactor.emplace<Client>(notes);
  client.on_connect = [&client] { client.send("hello"); };
  client.connect(endpoint_of(listener.address));
  EXPECT_EQ(notes.connects, 0) << "never from within connect()";
  run_until([&] { return notes.connects == 1; });
  Peer peer = listener.accept();
  EXPECT_EQ(receive(peer, 5), "hello");
  peer.send("and back");
  peer.close();
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.received, "and back");
  EXPECT_EQ(notes.close_error, 0);
  EXPECT_TRUE(notes.errors.empty());
}

TEST_P(DispatcherTest, ARefusedConnectEndsInHandleError) {
  const Endpoint nobody = endpoint_of(refusing_address(family()));
  reactor.emplace<Client>(notes).connect(nobody);
  run_until([&] { return notes.destroyed; });
  EXPECT_THAT(notes.errors,
              ElementsAre(HasSubstr("cannot connect to " + nobody.to_string() + ": ")));
  EXPECT_EQ(notes.connects, 0);
  EXPECT_EQ(notes.closes, 1);
}

TEST_P(DispatcherTest, CanConnectAgainFromHandleClose) {
  const Endpoint nobody = endpoint_of(refusing_address(family()));
  const Listener listener(family());
  auto& client = reactor.emplace<Client>(notes);
  client.on_close = [&] {
    client.disconnect();
    client.connect(endpoint_of(listener.address));
  };
  client.connect(nobody);
  run_until([&] { return notes.connects == 1; });
  Peer peer = listener.accept();
  peer.send("x");
  run_until([&] { return notes.received == "x"; });
  client.on_close = nullptr;
  peer.close();
  run_until([&] { return notes.destroyed; });
}

TEST_P(DispatcherTest, ClosedWhileItConnects) {
  const Listener listener(family());
  auto& client = reactor.emplace<Client>(notes);
  client.connect(endpoint_of(listener.address));
  client.close();
  settle();
  EXPECT_TRUE(notes.destroyed);
  EXPECT_EQ(notes.connects, 0);
}

// The inline way of recv() must count as an operation, too.
TEST_P(DispatcherTest, OneThatHasNothingToWriteIsNotTakenForStuck) {
  class Asked : public Client {
   public:
    using Client::Client;
    bool writable() override { return false; }
  };
  Connection connection = make_connection(family());
  reactor.emplace<Asked>(notes, StreamSocket(std::move(connection.ours)));
  for (std::size_t count = 1; count <= 40; ++count) {
    connection.peer.send("x");
    run_until([&] { return notes.received.size() == count; });
  }
  EXPECT_THAT(log.lines(), ::testing::IsEmpty());
  EXPECT_EQ(reactor.stats().stuck, 0U);
}

/// A scratch buffer smaller than what an engine may have at hand.
class SmallScratchTest : public HandlerCase {
 protected:
  SmallScratchTest()
      : HandlerCase([] {
          ReactorOptions options;
          options.scratch_bytes = 1000;
          return options;
        }()) {}
};
BUNSHIN_EVERY_SETTING(SmallScratchTest);

TEST_P(SmallScratchTest, BoundsWhatOneRecvLends) {
  class Measuring : public Noted<Dispatcher> {
   public:
    using Noted::Noted;
    std::size_t most = 0;
    void handle_read() override {
      const std::size_t before = notes().received.size();
      Noted::handle_read();
      most = std::max(most, notes().received.size() - before);
    }
  };
  auto [handler, peer] = serve<Measuring>(notes);
  handler.pause_reading();
  const std::string text = pattern(100 * 1000);
  peer.send(text);
  settle();
  handler.resume_reading();
  run_until([&] { return notes.received.size() == text.size(); });
  EXPECT_TRUE(notes.received == text);
  EXPECT_LE(handler.most, reactor.options().scratch_bytes);
}

/// Where host names and ports are.
class InternetDispatcherTest : public DispatcherTest {};
BUNSHIN_INTERNET_SETTINGS(InternetDispatcherTest);

TEST_P(InternetDispatcherTest, SeveralShareAPort) {
  auto& first = reactor.emplace<TestServer>();
  first.listen_on(any_endpoint(family()));
  first.set_reuse_port();
  auto& second = reactor.emplace<TestServer>();
  second.listen_on(endpoint_of(first.local_address()), true);
  EXPECT_EQ(first.local_address(), second.local_address());
}

TEST_P(InternetDispatcherTest, EveryAddressOfAHostIsTried) {
  const Listener listener(family());
  const SocketAddress refused = refusing_address(family());
  // Nobody listens at this port of 127.0.0.2.
  const std::string good = family() == Family::ipv4 ? "127.0.0.1" : "::1";
  const FakeNames names([&](const std::string&) { return "127.0.0.2 " + good; });
  auto& client = reactor.emplace<Client>(notes);
  client.connect(Endpoint::parse("several.test:" + std::to_string(listener.address.port())));
  run_until([&] { return notes.connects == 1 || notes.destroyed; });
  EXPECT_EQ(notes.connects, 1);
  Peer peer = listener.accept();
  EXPECT_TRUE(notes.errors.empty());
  // And when none of them answers, the name is in the sentence.
  Notes other;
  const std::string nobody = "several.test:" + std::to_string(refused.port());
  reactor.emplace<Client>(other).connect(Endpoint::parse(nobody));
  run_until([&] { return other.destroyed; });
  EXPECT_THAT(other.errors, ElementsAre(HasSubstr("cannot connect to " + nobody + ": ")));
}

TEST_P(InternetDispatcherTest, ListensOnTheFirstAddressOfAHostThatWorks) {
  const std::string good = family() == Family::ipv4 ? "127.0.0.1" : "::1";
  // The first is reserved for documentation: no machine has it.
  const FakeNames names([&](const std::string& host) {
    return host == "here.test" ? "192.0.2.1 " + good : "192.0.2.1";
  });
  auto& server = listening(Endpoint::parse("here.test:0"));
  EXPECT_EQ(server.local_address().family(), any_address(family()).family());
  auto& other = reactor.emplace<TestServer>();
  EXPECT_THAT(sentence_of([&] { other.listen_on(Endpoint::parse("away.test:0")); }, EADDRNOTAVAIL),
              HasSubstr("cannot listen on 192.0.2.1:0: "));
}

TEST_P(InternetDispatcherTest, AnUnknownHostEndsInHandleError) {
  const FakeNames names([](const std::string&) { return ""; });
  reactor.emplace<Client>(notes).connect(Endpoint::parse("nowhere.test:1"));
  run_until([&] { return notes.destroyed; });
  EXPECT_THAT(notes.errors, ElementsAre(HasSubstr("cannot look up nowhere.test:1: ")));
  EXPECT_EQ(notes.connects, 0);
}

/// Lets look-ups wait until the case has done what it came for.
class SlowNames {
 public:
  void answer() { gate_.set_value(); }
  /// Waits until a look-up runs.
  void asked() { ASSERT_EQ(asked_.get_future().wait_for(5s), std::future_status::ready); }

 private:
  std::promise<void> gate_;
  std::promise<void> asked_;
  FakeNames names_{[this, open = gate_.get_future().share()](const std::string&) {
    asked_.set_value();
    open.wait_for(5s);
    return std::string("127.0.0.1");
  }};
};

TEST_P(InternetDispatcherTest, TheLoopGoesOnWhileANameIsLookedUp) {
  SlowNames names;
  const Listener listener(Family::ipv4);
  auto& client = reactor.emplace<Client>(notes);
  client.connect(Endpoint::parse("slow.test:" + std::to_string(listener.address.port())));
  names.asked();
  auto [other, peer] = connected();
  other.collect();
  peer.send("meanwhile");
  run_until([&other = other] { return other.received == "meanwhile"; });
  EXPECT_EQ(notes.connects, 0);
  names.answer();
  run_until([&] { return notes.connects == 1; });
}

TEST_P(InternetDispatcherTest, ClosedWhileItsNameIsLookedUp) {
  SlowNames names;
  const Listener listener(Family::ipv4);
  auto& client = reactor.emplace<Client>(notes);
  client.connect(Endpoint::parse("slow.test:" + std::to_string(listener.address.port())));
  names.asked();
  client.close();
  settle();
  EXPECT_TRUE(notes.destroyed);
  names.answer();
  rounds_in(30ms);
  EXPECT_EQ(notes.connects, 0);
  EXPECT_TRUE(notes.errors.empty());
}

TEST_P(InternetDispatcherTest, ConnectsElsewhereWhileItsNameIsLookedUp) {
  SlowNames names;
  const Listener listener(Family::ipv4);
  auto& client = reactor.emplace<Client>(notes);
  client.connect(Endpoint::parse("slow.test:" + std::to_string(listener.address.port())));
  names.asked();
  client.connect(endpoint_of(listener.address));
  run_until([&] { return notes.connects == 1; });
  names.answer();
  rounds_in(30ms);
  EXPECT_EQ(notes.connects, 1) << "the first answer is nobody's any more";
  EXPECT_THAT(notes.errors, ::testing::IsEmpty());
  EXPECT_FALSE(notes.destroyed);
}

// Trap 9: a local port that nobody listens on, and the socket happens to get that very port.
TEST_P(InternetDispatcherTest, ConnectingToItselfIsRefused) {
  const ConnectToSelf to_self;
  const Endpoint nobody = endpoint_of(refusing_address(family()));
  reactor.emplace<Client>(notes).connect(nobody);
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.connects, 0);
  EXPECT_THAT(notes.errors,
              ElementsAre(HasSubstr("cannot connect to " + nobody.to_string() + ": ")));
}

}  // namespace
}  // namespace bunshin::testing
