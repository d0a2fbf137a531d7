// The same script in the simulated world and in the kernel's, on each engine: the same callbacks
// for each connection, and the same bytes. How many reads it takes is not specified, so calls of
// one kind in a row count as one, and what depends on the kernel's buffers (handle_write) is left
// out.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "handlers/chat.h"
#include "handlers/echo.h"
#include "reactor/observer.h"
#include "reactor/simulation/world.h"
#include "tests/support/captured_log.h"
#include "tests/support/engines.h"

namespace bunshin::testing {
namespace {

using simulation::Draws;
using simulation::World;

enum class What : std::uint8_t { connect, send, end_sending, close, fail };
struct Step {
  What what;
  std::size_t client;
  std::size_t bytes;
};

/// Who does what, one after the other; the same on every machine.
std::vector<Step> script_of(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&random](std::size_t most) { return std::size_t{random()} % most; };
  std::vector<Step> script;
  std::vector<What> last;
  for (std::size_t count = 4 + below(16); count > 0; --count) {
    if (last.empty() || (last.size() < 4 && below(4) == 0)) {
      script.push_back({What::connect, last.size(), 0});
      last.push_back(What::connect);
      continue;
    }
    const std::size_t client = below(last.size());
    if (last[client] >= What::close) continue;
    constexpr std::size_t kSizes[] = {1, 100, 5000, 40000};
    const std::size_t dice = below(8);
    const What what = dice < 5    ? What::send
                      : dice == 5 ? What::end_sending
                      : dice == 6 ? What::close
                                  : What::fail;
    if (what <= What::end_sending && last[client] == What::end_sending) continue;
    last[client] = what;
    script.push_back({what, client, kSizes[below(4)]});
  }
  return script;
}

/// What is told of the connections of a server, by their order.
class Record : public Observer {
 public:
  void opened(const EventHandler& handler, Kind kind, Model) override {
    if (kind == Kind::listener) return;
    connection_[&handler] = told.size();
    told.emplace_back("opened");
  }
  void begins(const EventHandler& handler, Callback callback) override {
    const auto found = connection_.find(&handler);
    if (found == connection_.end() || callback == Callback::write || callback == Callback::other) {
      return;
    }
    std::string name = callback == Callback::read    ? " read"
                       : callback == Callback::close ? " close"
                                                     : " another";
    if (callback == Callback::close) name += fmt::format("({})", handler.error());
    std::string& line = told[found->second];
    if (!line.ends_with(name)) line += name;
  }
  void did(const EventHandler& handler, Operation operation, std::size_t,
           const IoResult& result) override {
    const auto found = connection_.find(&handler);
    if (found != connection_.end() && operation == Operation::receive) {
      received[found->second] += result.bytes;
    }
  }
  void closing(const EventHandler& handler) override {
    const auto found = connection_.find(&handler);
    if (found == connection_.end()) return;
    told[found->second] += " closed";
    ++closed;
    connection_.erase(found);
  }

  std::vector<std::string> told;
  std::map<std::size_t, std::size_t> received;
  std::size_t closed = 0;

 private:
  std::map<const EventHandler*, std::size_t> connection_;
};

class Client : public BufferedDispatcher {
 public:
  Client(Reactor& reactor, const SocketAddress& server, std::string& got)
      : BufferedDispatcher(reactor), got_(got) {
    reactor.connect(*this, server);
  }
  void handle_connect() override { there = true; }
  void handle_read() override { got_ += recv(); }
  void handle_close() override { disconnect(); }  // stays, so that the script can look at it
  void handle_full() override {}
  void handle_drained() override {}
  bool there = false;

 private:
  std::string& got_;
};

struct Result {
  std::vector<std::string> told;
  std::map<std::size_t, std::size_t> received;
  std::vector<std::string> got;
  bool operator==(const Result&) const = default;
};

std::string payload(std::size_t client, std::size_t said, std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t index = 0; index < bytes; ++index) {
    text[index] = static_cast<char>('a' + (client * 5 + (said + index) * 7) % 26);
  }
  return text;
}

/// Plays `script` against an echo server of `server`. `until` lets both sides run until a
/// condition.
Result play(const std::vector<Step>& script, Reactor& server, Reactor& side,
            const std::function<void(const std::function<bool()>&)>& until) {
  Record record;
  server.observe(&record);
  EchoOptions options;
  const SocketAddress address =
      server.emplace<EchoServer>(Endpoint::parse("127.0.0.1:0"), options).local_address();
  std::vector<std::string> got(4);
  std::vector<Client*> clients;
  std::vector<std::size_t> said(4, 0);
  std::size_t ended = 0;
  for (const Step& step : script) {
    if (step.what == What::connect) {
      clients.push_back(&side.emplace<Client>(address, got[step.client]));
      until([&] { return clients.back()->there && record.told.size() == clients.size(); });
      continue;
    }
    Client& client = *clients[step.client];
    std::size_t& sent = said[step.client];
    switch (step.what) {
      case What::send:
        client.send(payload(step.client, sent, step.bytes));
        sent += step.bytes;
        until([&] { return got[step.client].size() == sent; });
        break;
      case What::end_sending:
        client.shut_down_when_done();
        ++ended;
        until([&] { return client.descriptor() < 0 && record.closed == ended; });
        break;
      default: {
        const bool was_open = client.descriptor() >= 0;
        client.disconnect();
        if (was_open) ++ended;
        until([&] { return record.closed == ended; });
      }
    }
  }
  Result result{record.told, record.received, got};
  server.observe(nullptr);
  return result;
}

Result play_simulated(const std::vector<Step>& script, simulation::Process::Tells tells) {
  Draws draws{std::vector<simulation::Deviation>()};
  World world(draws);
  auto& server = world.start("server", tells);
  auto& side = world.start("clients", tells);
  side.reactor().keep_running();
  const auto until = [&](const std::function<bool()>& done) {
    side.reactor().post([] {});  // it has been used from outside of its rounds
    ASSERT_TRUE(world.run(done, 5000));
  };
  return play(script, server.reactor(), side.reactor(), until);
}

Result play_real(const std::vector<Step>& script, const std::string& engine) {
  ReactorOptions options;
  options.engine = engine;
  Reactor server(options);
  Reactor side(options);
  const auto until = [&](const std::function<bool()>& done) {
    const auto end = Clock::now() + std::chrono::seconds(10);
    while (!done()) {
      ASSERT_LT(Clock::now(), end);
      server.run_once(std::chrono::milliseconds(1));
      side.run_once(std::chrono::milliseconds(1));
    }
  };
  return play(script, server, side, until);
}

class DifferentialTest : public ::testing::TestWithParam<std::string> {
 protected:
  CapturedLog log_;
};
BUNSHIN_EVERY_ENGINE(DifferentialTest);

TEST_P(DifferentialTest, TheWorldIsAsTheKernelIs) {
  for (unsigned seed = 1; seed <= 25; ++seed) {
    const auto script = script_of(seed);
    const Result real = play_real(script, GetParam());
    for (const auto tells : {simulation::Process::Tells::edges, simulation::Process::Tells::once}) {
      const Result simulated = play_simulated(script, tells);
      EXPECT_EQ(simulated.told, real.told) << "script " << seed;
      EXPECT_EQ(simulated.received, real.received) << "script " << seed;
      EXPECT_EQ(simulated.got, real.got) << "script " << seed;
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace bunshin::testing
