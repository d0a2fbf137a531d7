// The traps of edge-triggered sockets, one test or more each, named after it. Those of ttys, pipes
// and files are in file_traps_test.cpp, those of buffered handlers in tests/handlers.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <set>
#include <string>
#include <thread>

#include "tests/support/descriptor_limit.h"
#include "tests/support/fixture.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

class TrapsTest : public SettingCase {
 protected:
  /// Where the engine accepts, connects and sends by plain system calls, which can be made to fail.
  [[nodiscard]] bool plain_calls() const { return GetParam().engine != "io_uring"; }
};
BUNSHIN_EVERY_SETTING(TrapsTest);
class InternetTrapsTest : public TrapsTest {};
BUNSHIN_INTERNET_SETTINGS(InternetTrapsTest);

// --- 1: a short read that is not the end ---

TEST_P(TrapsTest, Trap01_TheEndOfFileBehindTheData) {
  auto [handler, peer] = connected();
  handler.collect().expect_close();
  settle();
  peer.send("all that it has to say");
  peer.shut_down_sending();
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(handler.received, "all that it has to say");
}

TEST_P(TrapsTest, Trap01_TheEndOfFileSeenRoundsLaterByOneWhoReadsInPieces) {
  auto [handler, peer] = connected();
  handler.expect_close();
  handler.on_read = [&, &handler = handler] {
    handler.received += reactor.recv(handler, 3);
    handler.pause_reading();
    reactor.call_later(1ms, [&handler] { handler.resume_reading(); });
  };
  peer.send("0123456789");
  run_until([&handler = handler] { return handler.received.size() >= 3; });
  peer.shut_down_sending();  // while it is in the middle
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(handler.received, "0123456789");
}

TEST_P(TrapsTest, Trap01_AShortReadWithTheEndAlreadyBehindIt) {
  auto [handler, peer] = connected();
  handler.collect(4).expect_close();
  handler.pause_reading();
  peer.send("0123456789");
  peer.close();
  settle();  // the one edge tells of everything
  handler.resume_reading();
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(handler.received, "0123456789");
}

TEST_P(InternetTrapsTest, Trap01_AResetBehindTheData) {
  for (const std::size_t piece : {3U, 1000U}) {
    auto [handler, peer] = connected();
    handler.collect(piece).expect_close();
    handler.pause_reading();
    peer.send("0123456789");
    settle();
    peer.reset();
    settle();
    handler.resume_reading();
    run_until([&handler = handler] { return handler.closes == 1; });
    EXPECT_EQ(handler.close_error, ECONNRESET);
    EXPECT_EQ(std::string("0123456789").find(handler.received), 0U);
  }
}

TEST_P(InternetTrapsTest, Trap01_AnOutOfBandMarkInTheData) {
  for (const bool all_at_once : {true, false}) {
    auto [handler, peer] = connected();
    handler.collect();
    handler.on_expt = [] {};
    if (all_at_once) handler.pause_reading();
    peer.send("before");
    if (!all_at_once) settle();
    peer.send_urgent('!');
    peer.send("after");
    settle();
    if (all_at_once) handler.resume_reading();
    run_until([&handler = handler] { return handler.received == "beforeafter"; });
    handler.close();
  }
}

TEST_P(TrapsTest, Trap01_PassedDescriptorsInTheData) {
  if (GetParam().internet()) return;  // only unix sockets pass descriptors
  auto [handler, peer] = connected();
  handler.collect();
  handler.pause_reading();
  const std::string path = make_file("passed");
  peer.send("one ");
  peer.send_with_descriptor("two ", peer.descriptor());
  peer.send("three");
  settle();
  handler.resume_reading();
  run_until([&handler = handler] { return handler.received == "one two three"; });
}

// --- 3: out of descriptors ---

TEST_P(TrapsTest, Trap03_OutOfDescriptorsNothingHangsSpinsOrIsLost) {
  std::vector<UniqueFd> accepted;
  SocketAddress address;
  auto& victim = reactor.emplace<TestHandler>();
  Connection connection = make_connection(family());
  reactor.add(victim, std::move(connection.ours), kind());
  std::vector<Peer> peers;
  TestHandler& listener = listen([&](UniqueFd fd) { accepted.push_back(std::move(fd)); }, address);
  for (int number = 0; number < 5; ++number) peers.emplace_back(address);
  DescriptorLimit limit(0);
  limit.exhaust();
  EXPECT_LT(rounds_in(600ms), 2 * kFewRounds) << "it spins";
  EXPECT_TRUE(accepted.empty());
  EXPECT_EQ(log.count("cannot accept"), 1U) << "one line a period, however often it is tried";
  EXPECT_GE(reactor.stats().starved, 2U);
  // Closing any descriptor of our own retries at once: long before the next retry by timer.
  victim.close();
  const auto before = Clock::now();
  run_until([&] { return accepted.size() == 1; });
  EXPECT_LT(Clock::now() - before, 150ms);
  limit.release(10);
  run_until([&] { return accepted.size() == 5; });
  EXPECT_EQ(log.count("cannot accept"), 1U);
  listener.close();
}

TEST_P(TrapsTest, Trap03_ItsKinAreTheSame_WhereTheReactorAccepts) {
  if (!plain_calls()) return;
  for (const int error : {ENFILE, ENOBUFS, ENOMEM}) {
    std::vector<UniqueFd> accepted;
    SocketAddress address;
    TestHandler& listener =
        listen([&](UniqueFd fd) { accepted.push_back(std::move(fd)); }, address);
    fail_next(Call::accept, error);
    const Peer peer(address);
    run_until([&] { return accepted.size() == 1; });
    EXPECT_EQ(failures_left(Call::accept), 0U);
    listener.close();
  }
}

TEST_P(TrapsTest, Trap03_AListenerThatClosesWhileItIsStarved) {
  SocketAddress address;
  TestHandler& listener = listen([](UniqueFd) {}, address);
  const Peer peer(address);
  DescriptorLimit limit(0);
  limit.exhaust();
  run_until([&] { return reactor.stats().starved > 0; });
  listener.close();
  limit.release(3);
  rounds_in(300ms);
}

// --- 4: a number reused within the round ---

TEST_P(TrapsTest, Trap04_DescriptorReusedWithinTheRound) {
  auto [a, peer_of_a] = connected();
  auto [b, peer_of_b] = connected();
  Connection spare = make_connection(family());
  Reactor& loop = reactor;
  auto& newcomer = reactor.emplace<TestHandler>();  // fails on any callback
  bool reused = false;
  // Whoever has its turn first closes the other, whose event is in hand, and puts a newcomer, who
  // has nothing to read, on its number.
  const auto take_over = [&](TestHandler& self, TestHandler& other) {
    return [&, self = &self, other = &other] {
      if (self->reactor().recv(*self, 100).empty() || reused) return;
      const int number = other->descriptor();
      other->close();
      if (is_open(number)) return;  // an engine that closes later: the number is not free yet
      ASSERT_EQ(::dup2(spare.ours.get(), number), number);
      spare.ours.reset();
      loop.add(newcomer, UniqueFd(number), kind());
      reused = true;
    };
  };
  a.on_read = take_over(a, b);
  b.on_read = take_over(b, a);
  settle();
  peer_of_a.send("x");
  peer_of_b.send("y");
  rounds_in(20ms);
  EXPECT_EQ(newcomer.called, 0U) << "it got the event of the dead";
  if (GetParam().engine == "epoll") {
    EXPECT_TRUE(reused);
    EXPECT_EQ(reactor.stats().stale_events, 1U) << "the events did not come in one round";
  }
  if (!reused) return;
  newcomer.collect();
  spare.peer.send("its own");
  run_until([&] { return newcomer.received == "its own"; });
}

// --- 5: closing and adding inside callbacks ---

enum class Act { close_self, close_other, disconnect_self, add_another };

class CallbackTrapsTest : public TrapsTest {
 protected:
  /// Runs `provoke`, which prepares a handler whose callback does `act`, for every act.
  template <typename Provoke>
  void for_each_act(Provoke provoke) {
    for (const Act act :
         {Act::close_self, Act::close_other, Act::disconnect_self, Act::add_another}) {
      auto [other, other_peer] = connected();
      other.collect();
      acted_ = false;
      added_ = nullptr;
      other_ = &other;
      other_peer.send("ready at the same time");
      provoke([this, act](TestHandler& self) { perform(act, self); });
      run_until([this] { return acted_; });
      if (added_ != nullptr) run_until([this] { return added_->received == "new"; });
      reactor.for_each([](EventHandler& handler) { handler.close(); });
      peers_.clear();
      rounds_in(2ms);
    }
  }
  std::vector<Peer> peers_;  // that have to stay

 private:
  void perform(Act act, TestHandler& self) {
    if (acted_) return;
    acted_ = true;
    if (act == Act::close_self) self.close();
    if (act == Act::close_other) other_->close();
    if (act == Act::disconnect_self) self.disconnect();
    if (act != Act::add_another) return;
    Connection fresh = make_connection(family());
    added_ = &add(std::move(fresh.ours), kind());
    added_->collect();
    fresh.peer.send("new");
    peers_.push_back(std::move(fresh.peer));
  }
  bool acted_ = false;
  TestHandler* other_ = nullptr;
  TestHandler* added_ = nullptr;
};
BUNSHIN_EVERY_SETTING(CallbackTrapsTest);

TEST_P(CallbackTrapsTest, Trap05_InHandleRead) {
  for_each_act([this](auto act) {
    auto [handler, peer] = connected();
    handler.on_read = [this, act, &handler = handler] {
      act(handler);
      if (handler.descriptor() >= 0) reactor.recv(handler, 100);
    };
    peer.send("x");
    peers_.push_back(std::move(peer));
  });
}

TEST_P(CallbackTrapsTest, Trap05_InHandleWrite) {
  for_each_act([this](auto act) {
    auto [handler, peer] = connected();
    handler.on_write = [act, &handler = handler] {
      handler.want_write(false);
      act(handler);
    };
    handler.want_write(true);
    peers_.push_back(std::move(peer));
  });
}

TEST_P(CallbackTrapsTest, Trap05_InHandleClose) {
  for_each_act([this](auto act) {
    auto [handler, peer] = connected();
    handler.collect();
    handler.on_close = [act, &handler = handler] {
      act(handler);
      handler.disconnect();
    };
    peer.close();
  });
}

TEST_P(CallbackTrapsTest, Trap05_InHandleError) {
  for_each_act([this](auto act) {
    auto [handler, peer] = connected();
    handler.on_read = [] { throw std::runtime_error("provoked"); };
    handler.on_error = [act, &handler = handler] { act(handler); };
    handler.on_close = [&handler = handler] { handler.close(); };
    peer.send("x");
    peers_.push_back(std::move(peer));
  });
}

TEST_P(CallbackTrapsTest, Trap05_InHandleAccept) {
  for_each_act([this](auto act) {
    Listener listener(family());
    auto& handler = add(std::move(listener.socket), Kind::listener);
    handler.on_accept = [this, act, &handler] {
      act(handler);
      if (handler.descriptor() >= 0) reactor.accept(handler);
    };
    peers_.emplace_back(listener.address);
  });
}

TEST_P(CallbackTrapsTest, Trap05_InHandleConnect) {
  for_each_act([this](auto act) {
    auto listener = std::make_shared<Listener>(family());
    auto& handler = reactor.emplace<TestHandler>();
    handler.on_connect = [act, &handler, listener] { act(handler); };
    reactor.connect(handler, listener->address);
  });
}

TEST_P(CallbackTrapsTest, Trap05_InHandleConnectError) {
  if (!GetParam().internet()) return;  // a unix socket knows at once, and connect() throws
  const SocketAddress nobody = refusing_address(family());
  for_each_act([&](auto act) {
    auto& handler = reactor.emplace<TestHandler>();
    handler.on_connect_error = [act, &handler](int) { act(handler); };
    reactor.connect(handler, nobody);
  });
}

TEST_P(CallbackTrapsTest, Trap05_InReadableAndWritable) {
  struct Asked : TestHandler {
    using TestHandler::TestHandler;
    std::function<void()> when_asked;
    bool readable() override {
      if (when_asked) when_asked();
      return false;
    }
    bool writable() override { return false; }
  };
  for_each_act([this](auto act) {
    auto [handler, peer] = connected<Asked>();
    handler.when_asked = [act, &handler = handler] { act(handler); };
    peer.send("x");
    peers_.push_back(std::move(peer));
  });
}

TEST_P(CallbackTrapsTest, Trap05_InATimerAndAPostedFunction) {
  for (const bool posted : {true, false}) {
    for_each_act([this, posted](auto act) {
      auto [handler, peer] = connected();
      handler.collect();
      peer.send("x");
      peers_.push_back(std::move(peer));
      auto function = [act, &handler = handler] { act(handler); };
      if (posted) {
        reactor.post(function);
      } else {
        reactor.call_later(1ms, function);
      }
    });
  }
}

// --- 6: a dup outlives close ---

TEST_P(TrapsTest, Trap06_ADuplicateOutlivesClose) {
  auto [handler, peer] = connected();
  settle();
  const UniqueFd duplicate(::dup(handler.descriptor()));
  handler.close();
  run_rounds(2);
  const auto events = reactor.stats().events;
  const auto stale = reactor.stats().stale_events;
  peer.send("to the duplicate");
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_EQ(reactor.stats().events, events) << "the kernel still reports what was closed";
  EXPECT_EQ(reactor.stats().stale_events, stale);
  EXPECT_EQ(read_some(duplicate.get()), "to the duplicate");
}

// --- 7: half-closed is not closed ---

TEST_P(TrapsTest, Trap07_HalfClosedIsNotClosed) {
  auto [handler, peer] = connected<AskedHandler>();
  const std::string answer = pattern(2 * 1024 * 1024);
  std::string_view left = answer;
  handler.collect().expect_close();
  handler.in_debt = true;
  handler.on_write = [&, &handler = handler] {
    left.remove_prefix(reactor.send(handler, left).bytes);
    handler.in_debt = !left.empty();
    handler.want_write(!left.empty());
  };
  peer.send("a question, and nothing more");
  peer.shut_down_sending();
  run_until([&handler = handler] { return handler.ended(); });
  EXPECT_EQ(handler.closes, 0);
  handler.want_write(true);
  EXPECT_TRUE(receive_all(peer) == answer);
  EXPECT_EQ(handler.closes, 1);
}

// --- 9: connecting ---

TEST_P(InternetTrapsTest, Trap09_WritableIsNotConnected) {
  auto& handler = reactor.emplace<TestHandler>();  // handle_connect would fail the test
  int error = 0;
  handler.on_connect_error = [&](int why) { error = why; };
  reactor.connect(handler, refusing_address(family()));
  run_until([&] { return error != 0; });
  EXPECT_EQ(error, ECONNREFUSED);
  EXPECT_FALSE(handler.connected());
}

TEST_P(InternetTrapsTest, Trap09_ConnectedToItselfIsRefused) {
  auto& handler = reactor.emplace<TestHandler>();
  int error = 0;
  handler.on_connect_error = [&](int why) { error = why; };
  const SocketAddress nobody = refusing_address(family());
  {
    const ConnectToSelf to_self;
    reactor.connect(handler, nobody);
  }
  run_until([&] { return error != 0; });
  EXPECT_EQ(error, ECONNREFUSED);
}

TEST_P(InternetTrapsTest, Trap09_AConnectThatHangsIsQuiet) {
  // Linux drops what comes to a full backlog, so this connect stays in progress.
  const Listener listener(family(), 0);
  const Peer first(listener.address);
  std::vector<UniqueFd> others;
  for (int number = 0; number < 4; ++number) {
    UniqueFd other = make_stream_socket(listener.address.family());
    (void)::connect(other.get(), listener.address.data(), listener.address.size());
    others.push_back(std::move(other));
  }
  auto& handler = reactor.emplace<TestHandler>();
  reactor.connect(handler, listener.address);
  EXPECT_LT(rounds_in(), kFewRounds);
  EXPECT_TRUE(handler.connecting());
  EXPECT_EQ(reactor.send(handler, "too early").bytes, 0U);
  handler.close();
  EXPECT_LT(rounds_in(30ms), kFewRounds);
}

// --- 12: signals and odd errors ---

TEST_P(TrapsTest, Trap12_SigpipeEndsNobody) {
  auto [handler, peer] = connected();
  handler.expect_close();
  peer.close();
  handler.pause_reading();
  handler.on_write = [&, &handler = handler] { reactor.send(handler, "into the void"); };
  handler.want_write(true);
  struct sigaction ours {};
  struct sigaction before {};
  ours.sa_handler = SIG_DFL;  // as for a program that insists on it
  ::sigaction(SIGPIPE, &ours, &before);
  run_until([&handler = handler] { return handler.closes == 1; });
  ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_P(TrapsTest, Trap12_ASignalEndsNeitherWaitNorOperation) {
  struct sigaction ours {};
  struct sigaction before {};
  ours.sa_handler = [](int) {};  // without SA_RESTART
  ::sigaction(SIGUSR1, &ours, &before);
  auto [handler, peer] = connected();
  handler.collect();
  const auto own = ::pthread_self();
  std::atomic<bool> done{false};
  std::thread disturber([&] {
    while (!done) {
      ::pthread_kill(own, SIGUSR1);
      std::this_thread::sleep_for(100us);
    }
  });
  int ticks = 0;
  reactor.call_every(2ms, [&, &peer = peer] {
    ++ticks;
    peer.send("x");
  });
  run_until([&, &handler = handler] { return ticks >= 20 && handler.received.size() >= 20; });
  done = true;
  disturber.join();
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_P(TrapsTest, Trap12_InterruptedOperationsAreRepeated_WhereTheReactorReceives) {
  if (!plain_calls()) return;
  auto [handler, peer] = connected();
  handler.collect();
  fail_next(Call::recv, EINTR, 3);
  peer.send("abc");  // takes none of the failures: they are for recv
  run_until([&handler = handler] { return handler.received == "abc"; });
  bool sent = false;
  handler.on_write = [&, &handler = handler] {
    sent = reactor.send(handler, "def").bytes == 3;
    handler.want_write(!sent);
  };
  fail_next(Call::send, EINTR, 3);
  handler.want_write(true);
  run_until([&] { return sent; });
  EXPECT_EQ(failures_left(Call::send), 0U);
}

TEST_P(TrapsTest, Trap12_AnAbortedConnectionIsPassedOver_WhereTheReactorAccepts) {
  if (!plain_calls()) return;
  std::vector<UniqueFd> accepted;
  SocketAddress address;
  listen([&](UniqueFd fd) { accepted.push_back(std::move(fd)); }, address);
  for (const int error : {ECONNABORTED, EINTR, EPROTO, ENETDOWN}) {
    const std::size_t before = accepted.size();
    fail_next(Call::accept, error);
    const Peer peer(address);
    run_until([&] { return accepted.size() == before + 1; });
    EXPECT_EQ(failures_left(Call::accept), 0U);
  }
  EXPECT_TRUE(log.lines().empty());
}

TEST_P(TrapsTest, Trap12_NoBufferSpaceIsNotTheEndAndNotForever_WhereTheReactorSends) {
  if (!plain_calls()) return;
  auto [handler, peer] = connected();
  bool sent = false;
  handler.on_write = [&, &handler = handler] {
    sent = reactor.send(handler, "abc").bytes == 3;
    handler.want_write(!sent);
  };
  fail_next(Call::send, ENOBUFS, 3);
  handler.want_write(true);
  // There is no edge to wait for: the socket was writable all the time.
  const auto rounds = reactor.stats().rounds;
  run_until([&] { return sent; });
  EXPECT_LT(reactor.stats().rounds - rounds, 100U);
  EXPECT_EQ(failures_left(Call::send), 0U);
  EXPECT_EQ(receive(peer, 3), "abc");
}

TEST_P(TrapsTest, Trap12_ATimedOutConnectionIsAFailureThatIsTold_WhereTheReactorReceives) {
  if (!plain_calls()) return;
  auto [handler, peer] = connected();
  handler.collect().expect_close();
  fail_next(Call::recv, ETIMEDOUT);
  peer.send("x");
  run_until([&handler = handler] { return handler.closes == 1; });
  EXPECT_EQ(handler.close_error, ETIMEDOUT);
}

// --- 16: a hung-up descriptor left registered ---

TEST_P(TrapsTest, Trap16_AHungUpDescriptorLeftRegistered) {
  for (const Model model : {Model::remembered, Model::drain, Model::level}) {
    auto [handler, peer] = connected(model);
    handler.on_close = [] {};  // and does not close
    handler.collect();
    peer.reset();
    EXPECT_LT(rounds_in(30ms), kFewRounds) << "model " << static_cast<int>(model);
    handler.close();
    // The same for one who does not even look.
    auto [blind, other_peer] = connected(model);
    blind.pause_reading();
    other_peer.send("never read");
    other_peer.reset();
    EXPECT_LT(rounds_in(30ms), kFewRounds) << "model " << static_cast<int>(model);
    blind.close();
  }
}

}  // namespace
}  // namespace bunshin::testing
