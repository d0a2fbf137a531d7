// The traps that need whole handlers to be sprung. The others are in tests/reactor.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "handlers/echo.h"
#include "handlers/file_dispatcher.h"
#include "tests/handlers/noted.h"
#include "tests/support/descriptor_limit.h"

namespace bunshin::testing {
namespace {

class HandlerTrapsTest : public HandlerCase {
 protected:
  EchoOptions options;
};
BUNSHIN_EVERY_SETTING(HandlerTrapsTest);
class InternetHandlerTrapsTest : public HandlerTrapsTest {};
BUNSHIN_INTERNET_SETTINGS(InternetHandlerTrapsTest);

TEST_P(HandlerTrapsTest, Trap03_ThoseWhoQueuedAreServedWhenAClientLeaves) {
  auto& server = reactor.emplace<EchoServer>(any_endpoint(family()), options);
  const SocketAddress address = server.local_address();
  std::vector<Peer> peers;
  for (int number = 0; number < 6; ++number) peers.emplace_back(address);
  const DescriptorLimit limit(3);
  for (Peer& peer : peers) peer.send("hello");
  const auto answered = [&] {
    return std::count_if(peers.begin(), peers.end(),
                         [](Peer& peer) { return peer.descriptor() >= 0 && peer.readable(); });
  };
  run_until([&] { return answered() >= 3; });
  EXPECT_LT(rounds_in(100ms), kFewRounds);
  EXPECT_EQ(answered(), 3);
  EXPECT_EQ(log.count("cannot accept"), 1U);
  for (int gone = 1; gone <= 3; ++gone) {
    for (Peer& peer : peers) {
      if (peer.descriptor() < 0 || !peer.readable()) continue;
      peer.close();
      break;
    }
    run_until([&] { return answered() >= 3; });  // the peer's own number is free as well
  }
  EXPECT_EQ(log.count("cannot accept"), 1U);
}

TEST_P(InternetHandlerTrapsTest, Trap09_ARefusedConnectOfTheReactorsReachesHandleError) {
  auto& handler = reactor.emplace<Noted<Dispatcher>>(notes);
  reactor.connect(handler, refusing_address(family()));
  run_until([&] { return notes.destroyed; });
  ASSERT_EQ(notes.errors.size(), 1U);
  EXPECT_THAT(notes.errors[0], ::testing::HasSubstr("cannot connect"));
}

bool sends_at_once(int fd) {
  int on = 0;
  socklen_t length = sizeof on;
  return ::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &length) == 0 && on != 0;
}

TEST_P(InternetHandlerTrapsTest, Trap13_AnAnswerOfTwoSendsDoesNotWaitForAnAcknowledgement) {
  auto& server = reactor.emplace<TestServer>();
  server.listen_on(any_endpoint(family()));
  UniqueFd accepted;
  server.on_accepted = [&](StreamSocket socket, const SocketAddress&) {
    accepted = std::move(socket.fd);
  };
  auto& client = reactor.emplace<Noted<Dispatcher>>(notes);
  client.connect(endpoint_of(server.local_address()));
  run_until([&] { return accepted && notes.connects == 1; });
  EXPECT_TRUE(sends_at_once(accepted.get())) << "inherited from the listener";
  EXPECT_TRUE(sends_at_once(client.descriptor()));
}

TEST_P(HandlerTrapsTest, Trap14_ClosingWithUnreadInputDestroysNothingThatIsOwed) {
  auto [handler, peer] = serve<Noted<BufferedDispatcher>>(notes);
  handler.pause_reading();
  const std::string answer = pattern(3 * 1024 * 1024);
  const std::size_t unread = peer.send_now(pattern(1024 * 1024));
  EXPECT_GT(unread, 0U);
  settle();
  EXPECT_TRUE(handler.send(answer));
  handler.close_when_done();
  settle();
  peer.send_now("and more of it");
  EXPECT_TRUE(receive(peer, answer.size()) == answer);
  EXPECT_EQ(receive(peer, 1), "") << "the end of file, not a reset";
  EXPECT_EQ(notes.received, "") << "nobody wanted that any more";
  peer.close();
  run_until([&] { return notes.destroyed; });
}

enum class Input { pty, pipe, file, null };

class StandardInputTest : public EngineCase {
 protected:
  struct Ends {
    UniqueFd ours;   // to be the child's standard input
    UniqueFd other;  // to write into, if any
  };
  static Ends open(Input kind) {
    if (kind == Input::pty) {
      Pty pty = make_pty();
      return {std::move(pty.slave), std::move(pty.master)};
    }
    if (kind == Input::pipe) {
      BlockingPipe pipe = make_blocking_pipe();
      return {std::move(pipe.read), std::move(pipe.write)};
    }
    const std::string path = kind == Input::file ? make_file("input") : "/dev/null";
    return {UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), UniqueFd()};
  }

  /// What a program does that reads its standard input beside a socket. Ends with 0 when it got
  /// both.
  int read_both(int input, const std::string& expected) {
    Notes from_input;
    Notes from_socket;
    Reactor own({.engine = GetParam()});
    Connection connection = make_connection(Family::ipv4);
    ::dup2(input, 0);
    own.emplace<Noted<FileDispatcher>>(from_input, Inherited{0});
    own.emplace<Noted<Dispatcher>>(from_socket, StreamSocket(std::move(connection.ours)));
    connection.peer.send("socket");
    const auto end = Clock::now() + 5s;
    while (Clock::now() < end &&
           (from_input.received != expected || from_socket.received != "socket")) {
      own.run_once(5ms);
    }
    return from_input.received == expected && from_socket.received == "socket" ? 0 : 1;
  }
};
BUNSHIN_EVERY_ENGINE(StandardInputTest);

// O_NONBLOCK set on it would belong to the terminal and outlive the process that set it.
TEST_P(StandardInputTest, Trap08_StandardInputIsLeftAsItWas) {
  for (const Input kind : {Input::pty, Input::pipe, Input::file, Input::null}) {
    const Ends ends = open(kind);
    const std::string expected = kind == Input::null ? "" : "input";
    if (ends.other) write_all(ends.other.get(), expected);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(read_both(ends.ours.get(), expected));
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << status;
    EXPECT_EQ(WEXITSTATUS(status), 0) << "kind " << static_cast<int>(kind);
    EXPECT_FALSE(is_nonblocking(ends.ours.get())) << "kind " << static_cast<int>(kind);
  }
}

}  // namespace
}  // namespace bunshin::testing
