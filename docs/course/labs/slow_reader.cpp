// Lab slow_reader: a chat on bunshin's handlers. One who does not read makes the server grow.

#include <sys/socket.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "handlers/line_handler.h"

using namespace bunshin;

namespace {

class Member;
std::vector<Member*> members;

/// A small buffer in the kernel, so that it is soon seen who does not read.
constexpr int kKernelBuffer = 64 * 1024;

class Member : public LineHandler {
 public:
  Member(Reactor& reactor, StreamSocket socket) : LineHandler(reactor, std::move(socket)) {
    setsockopt(descriptor(), SOL_SOCKET, SO_SNDBUF, &kKernelBuffer, sizeof kKernelBuffer);
    members.push_back(this);
  }
  ~Member() override { std::erase(members, this); }

  void found_terminator(std::string_view line) override {
    const std::string text = std::string(line) + "\n";
    for (Member* member : members) member->send(text);
  }

  /// Somebody who listens only may do so for as long as they like.
  void handle_full() override {}
  void handle_drained() override {}
};

class ChatServer : public Dispatcher {
 public:
  ChatServer(Reactor& reactor, const std::string& address) : Dispatcher(reactor) {
    listen_on(Endpoint::parse(address));
  }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    reactor().emplace<Member>(std::move(socket));
  }
};

}  // namespace

int main(int argc, char** argv) {
  Reactor reactor;
  auto& server = reactor.emplace<ChatServer>(argc > 1 ? argv[1] : "127.0.0.1:9876");
  std::printf("listening on %s\n", server.local_address().to_string().c_str());
  std::fflush(stdout);
  reactor.run();
}
