// What does it cost to accept a connection that waits and to make its handler? The clients have
// connected before the clock runs, so they can not be the limit.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "bench/micro/support.h"
#include "handlers/dispatcher.h"

namespace bunshin::micro {

namespace {

constexpr std::size_t kWaiting = 128;

class Connection : public Dispatcher {
 public:
  Connection(Reactor& reactor, StreamSocket socket, std::size_t& open)
      : Dispatcher(reactor, std::move(socket)), open_(open) {
    ++open_;
  }
  ~Connection() override { --open_; }
  void handle_read() override { (void)recv(); }

 private:
  std::size_t& open_;
};

class Server : public Dispatcher {
 public:
  explicit Server(Reactor& reactor) : Dispatcher(reactor) {
    listen_on(Endpoint::parse("127.0.0.1:0"));
  }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    reactor().emplace<Connection>(std::move(socket), open);
  }
  std::size_t open = 0;  // connections
};

void accept(benchmark::State& state, const std::string& engine) {
  require_descriptors(2 * kWaiting);
  Reactor reactor(with_engine(engine));
  Server& server = reactor.emplace<Server>();
  const SocketAddress address = server.local_address();
  std::vector<UniqueFd> clients;
  while (state.KeepRunningBatch(kWaiting)) {
    for (std::size_t i = 0; i < kWaiting; ++i) clients.push_back(connect_to(address));
    const Stopwatch watch;
    while (server.open < kWaiting) reactor.run_once(std::chrono::seconds(1));
    state.SetIterationTime(watch.seconds());
    for (UniqueFd& client : clients) reset(std::move(client));
    clients.clear();
    while (server.open > 0) reactor.run_once(std::chrono::seconds(1));
  }
  state.SetItemsProcessed(state.iterations());
}

}  // namespace

void ask_accept() { ask_each_engine("accept", accept, set_manual_time); }

}  // namespace bunshin::micro
