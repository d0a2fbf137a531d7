// An echo server and a client in a world that exists only in memory: the same handlers as with the
// kernel, no thread, no system call, and three hours pass at once.

#include <fmt/core.h>

#include "handlers/echo.h"
#include "reactor/simulation/world.h"

using namespace bunshin;

class Client : public BufferedDispatcher {
 public:
  Client(Reactor& reactor, const Endpoint& server) : BufferedDispatcher(reactor) {
    connect(server);
  }
  void handle_connect() override { send("hello"); }
  void handle_read() override { heard += recv(); }
  std::string heard;
};

int main() {
  simulation::Draws draws(4);  // a seed: what goes otherwise than usual, and when
  simulation::World world(draws);
  const Endpoint address = Endpoint::parse("127.0.0.1:9876");

  const EchoOptions options;
  Reactor& server = world.start("server").reactor();
  server.emplace<EchoServer>(address, options);

  Reactor& side = world.start("client").reactor();
  bool late = false;
  const Client* client = nullptr;
  side.call_later(std::chrono::hours(3), [&] { client = &side.emplace<Client>(address); });
  side.call_later(std::chrono::hours(4), [&] { late = true; });

  const bool done = world.run([&] { return late || (client && client->heard == "hello"); }, 1000);
  fmt::print("{} after {} rounds\n", done && !late ? "hello came back" : "it did not come back",
             world.rounds());
  return done && !late ? 0 : 1;
}
