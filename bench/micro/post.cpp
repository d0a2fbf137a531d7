// What does it cost to hand a function to the reactor from other threads, until it has run there?

#include <barrier>
#include <cstddef>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "bench/micro/support.h"

namespace bunshin::micro {

namespace {

constexpr std::size_t kPosts = 8192;  // a batch, by all threads together

/// Threads that post, all at once, whenever they are told to.
class Posters {
 public:
  Posters(Reactor& reactor, std::size_t count)
      : reactor_(reactor), share_(kPosts / count), start_(static_cast<std::ptrdiff_t>(count) + 1) {
    for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this] { run(); });
  }
  ~Posters() {
    ended_ = true;
    start_.arrive_and_wait();
    for (std::thread& thread : threads_) thread.join();
  }
  Posters(const Posters&) = delete;
  Posters& operator=(const Posters&) = delete;

  /// Returns when the last function of the batch has run.
  void post_batch() {
    start_.arrive_and_wait();
    all_ran_.acquire();
  }

 private:
  void run() {
    for (;;) {
      start_.arrive_and_wait();
      if (ended_) return;
      for (std::size_t i = 0; i < share_; ++i) {
        reactor_.post([this] {
          if (++ran_ % kPosts == 0) all_ran_.release();
        });
      }
    }
  }

  Reactor& reactor_;
  std::size_t share_;
  std::size_t ran_ = 0;  // the reactor's thread counts
  std::binary_semaphore all_ran_{0};
  bool ended_ = false;  // the barrier orders it
  std::barrier<> start_;
  std::vector<std::thread> threads_;
};

void post(benchmark::State& state, const std::string& engine) {
  ReactorThread server(engine);
  server.start();
  {
    Posters posters(server.reactor(), static_cast<std::size_t>(state.range(0)));
    while (state.KeepRunningBatch(kPosts)) {
      const Stopwatch watch;
      posters.post_batch();
      state.SetIterationTime(watch.seconds());
    }
  }
  server.join();
  state.SetItemsProcessed(state.iterations());
  state.counters["rounds_per_post"] = benchmark::Counter(
      static_cast<double>(server.reactor().stats().rounds), benchmark::Counter::kAvgIterations);
}

}  // namespace

void ask_post() {
  ask_each_engine("post", post, [](benchmark::internal::Benchmark& benchmark) {
    benchmark.UseManualTime()->ArgName("threads")->Arg(1)->Arg(4);
  });
}

}  // namespace bunshin::micro
