#pragma once

#include <benchmark/benchmark.h>
#include <sched.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "reactor/reactor.h"
#include "reactor/socket_address.h"
#include "reactor/unique_fd.h"

// What the benchmarks share. What is measured stays in the files of the questions.

namespace bunshin::micro {

// One question, one file, one function that registers it; main() calls them all.
void ask_accept();
void ask_dispatch();
void ask_echo();
void ask_idle();
void ask_observer();
void ask_post();
void ask_round();
void ask_timers();

/// A benchmark of the engine called `engine`. What it throws ends it with "not run" and the reason.
using EngineQuestion = std::function<void(benchmark::State&, const std::string& engine)>;
/// Sets arguments, iterations and the like.
using Setting = std::function<void(benchmark::internal::Benchmark&)>;

/// Registers `question` once for each engine of this program, as "name/engine". One that does not
/// work on this machine is reported as not run, with the reason.
void ask_each_engine(const std::string& name, const EngineQuestion& question,
                     const Setting& setting = {});
/// The same for what no engine has a part in.
void ask(const std::string& name, const std::function<void(benchmark::State&)>& question,
         const Setting& setting = {});

/// Time is what a Stopwatch says, so that preparing a round is not in it; pausing the library's own
/// clock costs more than a round does.
inline void set_manual_time(benchmark::internal::Benchmark& benchmark) {
  benchmark.UseManualTime();
}

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
  }

 private:
  TimePoint start_ = Clock::now();
};

/// Keeps the calling thread on one core from now on, the `index`th of those it may use. Nothing
/// where there are not so many or the system can not do it.
void stay_on_core(std::size_t index);
/// The same, until it is destroyed.
class OnCore {
 public:
  explicit OnCore(std::size_t index);
  ~OnCore();
  OnCore(const OnCore&) = delete;
  OnCore& operator=(const OnCore&) = delete;

 private:
#ifdef __linux__
  cpu_set_t before_{};
#endif
};

/// Raises the soft limit of descriptors to the hard one.
void raise_descriptor_limit();
/// Throws when this process may not have so many.
void require_descriptors(std::size_t count);

/// A blocking socket without Nagle's delay. Throws std::system_error.
UniqueFd connect_to(const SocketAddress& address);
/// Closes with a reset: thousands of connections a second would leave no port that is not in
/// TIME_WAIT.
void reset(UniqueFd socket);
/// Sends one byte, which has to fit. Throws std::system_error.
void send_byte(int fd);

/// Two connected sockets. Unix ones: receiving what came by TCP from the same machine also sends
/// the acknowledgement, which would be most of what is measured.
struct SocketPair {
  UniqueFd ours;
  UniqueFd peer;
};
std::vector<SocketPair> make_socket_pairs(std::size_t count);
/// Such an end, to be served as servers' connections are, for which a short read means that there
/// is no more.
inline StreamSocket as_inet(UniqueFd end) { return {std::move(end), Kind::inet_stream}; }

ReactorOptions with_engine(const std::string& engine);

/// A reactor in a thread of its own. Handlers are added before start().
class ReactorThread {
 public:
  explicit ReactorThread(const std::string& engine) : reactor_(with_engine(engine)) {
    reactor_.keep_running();
  }
  ~ReactorThread();
  ReactorThread(const ReactorThread&) = delete;
  ReactorThread& operator=(const ReactorThread&) = delete;
  void start() {
    thread_ = std::thread([this] { reactor_.run(); });
  }
  /// Stops the reactor; afterwards it is this thread's.
  void join();
  Reactor& reactor() { return reactor_; }

 private:
  Reactor reactor_;
  std::thread thread_;
};

}  // namespace bunshin::micro
