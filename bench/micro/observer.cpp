// What does it cost a server to be observed? CPU time of its thread for each message it echoes,
// with nobody watching (observed:0) and with an observer that counts (observed:1). Repetitions that
// are interleaved compare best: --benchmark_enable_random_interleaving=true
// --benchmark_repetitions=9.

#include "reactor/observer.h"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <future>
#include <string>

#include "bench/micro/echo_client.h"
#include "bench/micro/support.h"
#include "handlers/echo.h"

namespace bunshin::micro {

namespace {

class Counter : public Observer {
 public:
  void round_begins(std::uint64_t) override { ++count; }
  void waited(Duration, std::size_t) override { ++count; }
  void round_ends() override { ++count; }
  void ready(const EventHandler&, std::uint8_t) override { ++count; }
  void begins(const EventHandler&, Callback) override { ++count; }
  void ends(const EventHandler&, Callback) override { ++count; }
  void did(const EventHandler&, Operation, std::size_t, const IoResult&) override { ++count; }
  std::uint64_t count = 0;
};

double cpu_seconds_of(Reactor& reactor) {
  std::promise<double> answer;
  reactor.post([&answer] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    answer.set_value(static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9);
  });
  return answer.get_future().get();
}

void observed(benchmark::State& state, const std::string& engine) {
  constexpr std::size_t kConnections = 50;
  require_descriptors(2 * kConnections);
  const EchoOptions options;
  Counter counter;
  ReactorThread server(engine);
  const SocketAddress address =
      server.reactor().emplace<EchoServer>(Endpoint::parse("127.0.0.1:0"), options).local_address();
  if (state.range(0) != 0) server.reactor().observe(&counter);
  server.reactor().post([] { stay_on_core(1); });
  server.start();
  const OnCore client_core(0);
  EchoClient client(address, kConnections, 64);
  for (std::size_t i = 0; i < 2 * kConnections; ++i) client.complete_one();
  client.begin(static_cast<std::size_t>(state.max_iterations));
  const double before = cpu_seconds_of(server.reactor());
  for (auto _ : state) client.complete_one();
  const double used = cpu_seconds_of(server.reactor()) - before;
  state.counters["server_cpu_ns"] = used * 1e9 / static_cast<double>(state.iterations());
  server.join();
  server.reactor().observe(nullptr);
}

}  // namespace

void ask_observer() {
  ask_each_engine("observer", observed, [](benchmark::internal::Benchmark& benchmark) {
    benchmark.UseRealTime()->ArgName("observed")->Arg(0)->Arg(1);
  });
}

}  // namespace bunshin::micro
