// What Reactor says of fork(2): daemons make what they need first, and then leave their parent.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <system_error>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

/// Listens, and answers each connection with what it says.
void add_echo(Reactor& reactor, Listener& listener) {
  auto& server = reactor.emplace<TestHandler>();
  reactor.add(server, std::move(listener.socket), Kind::listener);
  server.on_accept = [&server, &reactor] {
    Accepted accepted = reactor.accept(server);
    if (!accepted) return;
    auto& handler = reactor.emplace<TestHandler>();
    handler.on_read = [&handler, &reactor] {
      const std::string data(reactor.recv(handler, 100));
      if (!data.empty()) reactor.send(handler, data);
    };
    handler.on_close = [&handler, &reactor] {
      handler.close();
      reactor.stop();
    };
    reactor.add(handler, std::move(accepted.socket.fd), accepted.socket.kind);
  };
}

/// Waits for a child of ours that _exit()s; -1 when it ended in another way.
int exit_status(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Makes the reactor and leaves the running of it to a child of its own.
int become_daemon(const std::string& engine, Listener& listener, int told) {
  Reactor reactor({engine});
  add_echo(reactor, listener);
  const pid_t daemon = ::fork();
  if (daemon != 0) {
    write_all(told, std::to_string(daemon));
    ::_exit(daemon < 0 ? 3 : 0);
  }
  ::alarm(30);  // nobody waits for it
  reactor.run();
  ::_exit(0);
}

class ForkTest : public ::testing::TestWithParam<std::string> {};
BUNSHIN_EVERY_ENGINE(ForkTest);

TEST_P(ForkTest, ADaemonServesWithTheReactorThatItsParentMade) {
  if (GetParam() == "kqueue") return;  // is not inherited: see Reactor
  Listener listener(Family::ipv4);
  BlockingPipe pipe = make_blocking_pipe();
  const pid_t parent = ::fork();
  if (parent == 0) {
    try {
      become_daemon(GetParam(), listener, pipe.write.get());
    } catch (const std::exception&) {
    }
    ::_exit(9);
  }
  EXPECT_EQ(exit_status(parent), 0);
  const auto daemon = static_cast<pid_t>(std::stoi(read_some(pipe.read.get())));
  listener.socket.reset();
  // Far more than io_uring has buffers.
  Peer peer(listener.address);
  for (int count = 0; count < 1000; ++count) {
    peer.send("ping");
    ASSERT_EQ(peer.receive(4), "ping") << count;
  }
  peer.shut_down_sending();
  EXPECT_EQ(peer.receive_all(), "");
  ::kill(daemon, SIGKILL);
}

class ForkedUring : public ReactorFixture {
 protected:
  ForkedUring() : ReactorFixture("io_uring") {}
};

TEST_F(ForkedUring, BelongsToTheProcessThatRanIt) {
  run_rounds(1);
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      reactor.run_once(Duration::zero());
      ::_exit(3);
    } catch (const std::system_error& error) {
      const bool clear = std::string_view(error.what()).find("forked") != std::string_view::npos;
      ::_exit(clear ? 0 : 4);
    }
  }
  EXPECT_EQ(exit_status(child), 0);
  run_rounds(10);
}

}  // namespace
}  // namespace bunshin::testing
