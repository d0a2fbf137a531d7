#include <cstdio>
#include <utility>

#include "handlers/buffered_dispatcher.h"

using namespace bunshin;

class EchoHandler : public BufferedDispatcher {
 public:
  using BufferedDispatcher::BufferedDispatcher;
  void handle_read() override { send(recv(1024)); }
};

class EchoServer : public Dispatcher {
 public:
  EchoServer(Reactor& reactor, const SocketAddress& address) : Dispatcher(reactor) {
    create_socket(address.family());
    set_reuse_addr();
    bind(address);
    listen(5);
  }

  void handle_accept() override {
    Accepted pair = reactor().accept(*this);
    if (pair) reactor().emplace<EchoHandler>(std::move(pair.socket));
  }
};

int main(int argc, char** argv) {
  const Endpoint endpoint = Endpoint::parse(argc > 1 ? argv[1] : "127.0.0.1:9876");
  Reactor reactor;
  auto& server = reactor.emplace<EchoServer>(endpoint.look_up().front());
  std::printf("listening on %s\n", server.local_address().to_string().c_str());
  std::fflush(stdout);
  reactor.run();
}
