// A server that says what it has to say and ends, while its clients are still talking.

#include <fmt/format.h>

#include <system_error>

#include "handlers/buffered_dispatcher.h"
#include "reactor/host.h"
#include "tests/simulation/scenarios.h"

namespace bunshin::simulation {

namespace {

/// Answers the first bytes of each client with all it has, and closes; whatever else comes is
/// nobody's.
class Speaker : public Dispatcher {
 public:
  Speaker(Reactor& reactor, const Endpoint& address, std::size_t bytes)
      : Dispatcher(reactor), bytes_(bytes) {
    listen_on(address);
  }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    reactor().emplace<Session>(std::move(socket), bytes_);
  }

 private:
  class Session : public BufferedDispatcher {
   public:
    Session(Reactor& reactor, StreamSocket socket, std::size_t bytes)
        : BufferedDispatcher(reactor, std::move(socket)), bytes_(bytes) {}
    void handle_read() override {
      if (recv(10).empty()) return;
      send(std::string(bytes_, 'f'));
      close_when_done(std::chrono::seconds(100));
    }
    void handle_full() override {}
    void handle_drained() override {}

   private:
    const std::size_t bytes_;
  };
  const std::size_t bytes_;
};

struct Listeners {
  const World& world;
  std::size_t left = 0;
  std::string wrong = {};
};

/// Talks as long as it is not answered to the end.
class Talker : public BufferedDispatcher {
 public:
  Talker(Reactor& reactor, const Endpoint& server, std::size_t wanted, std::uint32_t talks,
         Listeners& all)
      : BufferedDispatcher(reactor), wanted_(wanted), talks_(talks), all_(all) {
    ++all_.left;
    connect(server);
  }
  ~Talker() override {
    --all_.left;
    const bool excused = refused_ || name_.size() == 0 || all_.world.harmed(name_);
    if (!excused && heard_ != wanted_ && all_.wrong.empty()) {
      all_.wrong = fmt::format("of {} bytes that were said in farewell, {} came", wanted_, heard_);
    }
  }
  void handle_connect() override {
    name_ = reactor().host().local_name(descriptor());
    talk();
  }
  void handle_connect_error(int) override {
    refused_ = true;
    close();
  }
  void handle_read() override {
    heard_ += recv(700).size();
    if (talks_ > 0) talk();
  }
  void handle_close() override { close(); }

 private:
  void talk() {
    if (talks_ > 0) --talks_;
    send("and another thing: ");
  }

  const std::size_t wanted_;
  std::uint32_t talks_;
  Listeners& all_;
  SocketAddress name_;
  std::size_t heard_ = 0;
  bool refused_ = false;
};

}  // namespace

void play_farewell(Run& run) {
  const auto address = Endpoint::parse("127.0.0.1:17");  // RFC 865: quote of the day
  const std::size_t sizes[] = {1, 900, 20000, 90000};
  const std::size_t bytes = sizes[run.pick(3)];
  Process& server = run.start("server");
  if (run.serve<Speaker>(server, address, bytes) == nullptr) return;
  Process& side = run.start("clients");
  auto& all = run.keep<Listeners>(run.world);
  for (std::uint32_t count = 1 + run.pick(3); count > 0; --count) {
    side.reactor().emplace<Talker>(address, bytes, 1 + run.pick(20), all);
  }
  run.until([&all] { return all.left == 0; }, 20000);
  require(all.wrong.empty(), all.wrong);
}

}  // namespace bunshin::simulation
