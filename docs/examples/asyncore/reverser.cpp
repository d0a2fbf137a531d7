#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include "handlers/line_handler.h"

using namespace bunshin;

class Reverser : public LineHandler {
 public:
  Reverser(Reactor& reactor, StreamSocket socket) : LineHandler(reactor, std::move(socket)) {
    set_terminator("\n");
  }

  void found_terminator(std::string_view line) override {
    if (line == "bye") {
      send("see you\n");
      close_when_done();
    } else {
      std::string answer(line.rbegin(), line.rend());
      send(answer + "\n");
    }
  }
};

class Server : public Dispatcher {
 public:
  Server(Reactor& reactor, const Endpoint& address) : Dispatcher(reactor) { listen_on(address); }

  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    reactor().emplace<Reverser>(std::move(socket));
  }
};

int main(int, char** argv) {
  Reactor reactor;
  auto& server = reactor.emplace<Server>(Endpoint::parse(argv[1]));
  std::cout << "listening on " << server.local_address().to_string() << std::endl;
  reactor.run();
}
