// Clients that want a connection for ever, and a server that comes and goes.

#include <algorithm>
#include <system_error>
#include <utility>

#include "bridge/reconnecting_client.h"
#include "tests/simulation/scenarios.h"

namespace bunshin::simulation {

namespace {

constexpr std::string_view kGreeting = "welcome";

/// Says one word to everybody, and hears who leaves.
class Greeter : public Dispatcher {
 public:
  class Session : public BufferedDispatcher {
   public:
    using BufferedDispatcher::BufferedDispatcher;
    void handle_read() override { recv(); }
    void handle_close() override { close(); }
  };
  Greeter(Reactor& reactor, const Endpoint& address) : Dispatcher(reactor) { listen_on(address); }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    reactor().emplace<Session>(std::move(socket)).send(kGreeting);
  }
};

class Faithful : public ReconnectingClient {
 public:
  Faithful(Reactor& reactor, const Endpoint& server, std::string& wrong)
      : ReconnectingClient(reactor, server, "the server"), wrong_(wrong) {}
  void handle_connected() override {
    if (std::exchange(there_, true)) wrong_ = "connected twice";
    heard_.clear();
  }
  void handle_disconnected() override {
    if (!std::exchange(there_, false)) wrong_ = "disconnected, and was not connected";
  }
  void handle_read() override {
    heard_ += recv();
    if (!kGreeting.starts_with(heard_)) wrong_ = "hears what nobody said";
  }
  [[nodiscard]] bool greeted() const { return there_ && heard_ == kGreeting; }

 private:
  std::string& wrong_;
  bool there_ = false;
  std::string heard_;
};

}  // namespace

void play_connect(Run& run) {
  const auto address = Endpoint::parse("127.0.0.1:7000");
  const auto other = Endpoint::parse("[::1]:7000");
  run.world.set_host("robot.home:7000", {*other.numeric(), *address.numeric()});
  Process& side = run.start("clients");
  const auto server = Endpoint::parse(run.chance() ? "robot.home:7000" : "127.0.0.1:7000");
  auto& wrong = run.keep<std::string>();
  std::vector<Faithful*> clients;
  for (std::uint32_t count = 1 + run.pick(3); count > 0; --count) {
    clients.push_back(&side.reactor().emplace<Faithful>(server, wrong));
  }
  const auto all_greeted = [&clients] {
    return std::all_of(clients.begin(), clients.end(),
                       [](const Faithful* client) { return client->greeted(); });
  };
  for (std::uint32_t lives = run.pick(3);; --lives) {
    Process& process = run.start("server");
    if (run.serve<Greeter>(process, address) == nullptr) return;
    if (lives == 0) break;
    const std::uint64_t end = run.world.rounds() + 10 + run.pick(60);
    run.until([&] { return run.world.rounds() > end || all_greeted(); }, 4000);
    process.kill();
  }
  run.until(all_greeted, 8000);
  require(wrong.empty(), wrong);
}

}  // namespace bunshin::simulation
