// What does a round cost when one of many registered descriptors has something to read? It should
// not depend on how many there are. asyncore_round.py asks Python's asyncore the same.

#include <cstddef>
#include <string>
#include <utility>

#include "bench/micro/support.h"
#include "handlers/dispatcher.h"

namespace bunshin::micro {

namespace {

class Reader : public Dispatcher {
 public:
  using Dispatcher::Dispatcher;
  void handle_read() override { bytes += recv().size(); }
  std::size_t bytes = 0;
};

/// Both ends of each pair are registered, as nobody outside is needed who would send. Returns what
/// is left over of an odd number, to be kept open.
UniqueFd add_idle(Reactor& reactor, std::size_t count) {
  for (SocketPair& pair : make_socket_pairs((count + 1) / 2)) {
    reactor.emplace<Reader>(as_inet(std::move(pair.ours)));
    if (--count == 0) return std::move(pair.peer);
    reactor.emplace<Reader>(as_inet(std::move(pair.peer)));
    --count;
  }
  return {};
}

void round(benchmark::State& state, const std::string& engine) {
  const auto registered = static_cast<std::size_t>(state.range(0));
  Reactor reactor(with_engine(engine));
  SocketPair pair = std::move(make_socket_pairs(1).front());
  auto& reader = reactor.emplace<Reader>(as_inet(std::move(pair.ours)));
  const UniqueFd left_over = add_idle(reactor, registered - 1);
  // The first edges of all of them.
  for (std::size_t seen = 0; seen <= registered; seen += 64) reactor.run_once(Duration::zero());
  for (auto _ : state) {
    reader.bytes = 0;
    send_byte(pair.peer.get());
    const Stopwatch watch;
    while (reader.bytes == 0) reactor.run_once(Duration::zero());
    state.SetIterationTime(watch.seconds());
  }
}

}  // namespace

void ask_round() {
  ask_each_engine("round", round, [](benchmark::internal::Benchmark& benchmark) {
    benchmark.UseManualTime()->ArgName("descriptors")->Arg(1)->Arg(100)->Arg(1000)->Arg(10000);
  });
}

}  // namespace bunshin::micro
