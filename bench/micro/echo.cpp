// How many messages a second does the echo server answer, and how long does each take? Server and
// clients have a thread each. Every connection has one message under way at all times, so a latency
// contains the wait for the other connections' answers.

#include "handlers/echo.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/micro/echo_client.h"
#include "bench/micro/support.h"

namespace bunshin::micro {

namespace {

/// A client that waits for less of the time than this had no time left: the server could do more.
constexpr double kSaturated = 0.05;

double microseconds_at(std::vector<std::uint32_t>& latencies, double share) {
  const auto rank = static_cast<std::ptrdiff_t>(share * static_cast<double>(latencies.size() - 1));
  const auto place = latencies.begin() + rank;
  std::nth_element(latencies.begin(), place, latencies.end());
  return static_cast<double>(*place) / 1000;
}

void report(benchmark::State& state, EchoClient& client, double seconds) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
  state.counters["median_us"] = microseconds_at(client.latencies(), 0.5);
  state.counters["p99_us"] = microseconds_at(client.latencies(), 0.99);
  const double waiting = client.seconds_waited() / seconds;
  state.counters["client_waiting"] = waiting;
  if (waiting < kSaturated) state.SetLabel("the client was the limit: at least this");
}

void echo(benchmark::State& state, const std::string& engine) {
  const auto message_bytes = static_cast<std::size_t>(state.range(0));
  const auto connections = static_cast<std::size_t>(state.range(1));
  require_descriptors(2 * connections);
  const EchoOptions options;
  ReactorThread server(engine);
  const SocketAddress address =
      server.reactor().emplace<EchoServer>(Endpoint::parse("127.0.0.1:0"), options).local_address();
  // Where the scheduler puts two threads that wake each other would decide the latency.
  server.reactor().post([] { stay_on_core(1); });
  server.start();
  const OnCore client_core(0);
  EchoClient client(address, connections, message_bytes);
  for (std::size_t i = 0; i < 2 * connections; ++i) client.complete_one();  // all are accepted
  client.begin(static_cast<std::size_t>(state.max_iterations));
  const Stopwatch watch;
  for (auto _ : state) client.complete_one();
  report(state, client, watch.seconds());
}

}  // namespace

void ask_echo() {
  ask_each_engine("echo", echo, [](benchmark::internal::Benchmark& benchmark) {
    benchmark.UseRealTime()->ArgNames({"bytes", "connections"});
    benchmark.ArgsProduct({{64, 1024, 16384}, {1, 100}});
  });
}

}  // namespace bunshin::micro
