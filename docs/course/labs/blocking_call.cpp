// Lab blocking_call: an echo server that knows somebody who knows the answers: "ask QUESTION\n".
// While one waits for an answer, all do.
//
//   blocking_call 127.0.0.1:9876 ORACLE    ORACLE is an address too: see the lab's page

#include <sys/socket.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "handlers/line_handler.h"

using namespace bunshin;

namespace {

std::string oracle;  // its address

/// Asks the oracle, which takes its time, and returns what it says; "nobody knows" when it says
/// nothing.
std::string ask(const std::string& question) {
  const SocketAddress address = Endpoint::parse(oracle).look_up().front();
  const UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), address.data(), address.size()) < 0) return "nobody knows";
  const std::string line = question + "\n";
  ::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL);
  std::string answer;
  char buffer[256];
  ssize_t size = 0;
  while ((size = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0) {
    answer.append(buffer, static_cast<std::size_t>(size));
  }
  if (answer.empty()) return "nobody knows";
  return answer.substr(0, answer.find('\n'));
}

class Client : public LineHandler {
 public:
  using LineHandler::LineHandler;

  void found_terminator(std::string_view line) override {
    if (line.substr(0, 4) != "ask ") {
      send(std::string(line) + "\n");
      return;
    }
    const std::string question(line.substr(4));
    send(question + ": " + ask(question) + "\n");
  }
};

class Server : public Dispatcher {
 public:
  Server(Reactor& reactor, const std::string& address) : Dispatcher(reactor) {
    listen_on(Endpoint::parse(address));
  }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    reactor().emplace<Client>(std::move(socket));
  }
};

}  // namespace

int main(int argc, char** argv) {
  oracle = argc > 2 ? argv[2] : "127.0.0.1:9877";
  Reactor reactor;
  auto& server = reactor.emplace<Server>(argc > 1 ? argv[1] : "127.0.0.1:9876");
  std::printf("listening on %s\n", server.local_address().to_string().c_str());
  std::fflush(stdout);
  reactor.run();
}
