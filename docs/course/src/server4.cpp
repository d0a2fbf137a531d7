// Chapter 8: an echo server that ends well: with a word, with a signal, and owing nothing.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "handlers/line_handler.h"

using namespace bunshin;

// [handler]
constexpr auto kPatience = std::chrono::seconds(2);

class Talk : public LineHandler {
 public:
  using LineHandler::LineHandler;

  void found_terminator(std::string_view line) override {
    if (line == "balse") {
      reactor().finish(kPatience);
    } else {
      send(std::string(line).append("\n"));
    }
  }
};
// [/handler]

class Server : public Dispatcher {
 public:
  Server(Reactor& reactor, const Endpoint& endpoint) : Dispatcher(reactor) { listen_on(endpoint); }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    reactor().emplace<Talk>(std::move(socket));
  }
};

// [main]
int main(int argc, char** argv) {
  const Endpoint endpoint = Endpoint::parse(argc > 1 ? argv[1] : "127.0.0.1:9876");
  Reactor reactor;
  const auto& server = reactor.emplace<Server>(endpoint);
  for (const int signal : {SIGINT, SIGTERM})
    reactor.on_signal(signal, [&] { reactor.finish(kPatience); });

  std::printf("listening on %s\n", server.local_address().to_string().c_str());
  std::fflush(stdout);
  reactor.run();
  std::puts("goodbye");
  return 0;
}
// [/main]
