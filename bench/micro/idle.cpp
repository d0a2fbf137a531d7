// How much user memory does a connection hold that has nothing to say? Growth of the heap, with its
// headers and with the slack of the reactor's tables; what the kernel holds is not in it.

#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench/micro/support.h"
#include "handlers/echo.h"
#include "reactor/error.h"

namespace bunshin::micro {

namespace {

constexpr std::size_t kConnections = 5000;
constexpr std::size_t kAtOnce = 100;  // as many as wait to be accepted

std::size_t heap_in_use() {
#ifdef __GLIBC__
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  throw std::runtime_error("it takes glibc's mallinfo2");
#endif
}

/// The reactor's tables go by descriptor number: clients that live in the same process must not
/// take the low ones.
UniqueFd out_of_the_way(const UniqueFd& client) {
  UniqueFd high(::fcntl(client.get(), F_DUPFD_CLOEXEC, static_cast<int>(kConnections + 1000)));
  if (!high) throw_error(errno, "cannot duplicate a descriptor");
  return high;
}

std::size_t count_handlers(Reactor& reactor) {
  std::size_t count = 0;
  reactor.for_each([&count](EventHandler&) { ++count; });
  return count;
}

void idle(benchmark::State& state, const std::string& engine) {
  require_descriptors(2 * kConnections + 1000);
  const EchoOptions options;
  Reactor reactor(with_engine(engine));
  const SocketAddress address =
      reactor.emplace<EchoServer>(Endpoint::parse("127.0.0.1:0"), options).local_address();
  std::vector<UniqueFd> clients;
  clients.reserve(kConnections);
  for (auto _ : state) {
    const std::size_t before = heap_in_use();
    while (clients.size() < kConnections) {
      for (std::size_t i = 0; i < kAtOnce; ++i) {
        clients.push_back(out_of_the_way(connect_to(address)));
      }
      while (count_handlers(reactor) < clients.size() + 1) {
        reactor.run_once(std::chrono::seconds(1));
      }
    }
    state.counters["bytes_per_connection"] =
        static_cast<double>(heap_in_use() - before) / static_cast<double>(kConnections);
  }
  for (UniqueFd& client : clients) reset(std::move(client));
}

}  // namespace

void ask_idle() {
  ask_each_engine("idle_5000_connections", idle, [](benchmark::internal::Benchmark& benchmark) {
    benchmark.Iterations(1)->Unit(benchmark::kMillisecond);
  });
}

}  // namespace bunshin::micro
