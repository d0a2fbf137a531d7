#include "bench/micro/support.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <exception>
#include <stdexcept>
#include <utility>

#include "reactor/engine.h"
#include "reactor/error.h"
#include "reactor/sockets.h"

namespace bunshin::micro {

namespace {

constexpr std::size_t kSpareDescriptors = 64;  // standard streams, engines, listeners

}  // namespace

void ask(const std::string& name, const std::function<void(benchmark::State&)>& question,
         const Setting& setting) {
  auto* const benchmark =
      benchmark::RegisterBenchmark(name.c_str(), [question](benchmark::State& state) {
        try {
          question(state);
        } catch (const std::exception& error) {
          state.SkipWithError(fmt::format("not run: {}", error.what()).c_str());
        }
      });
  if (setting) setting(*benchmark);
}

void ask_each_engine(const std::string& name, const EngineQuestion& question,
                     const Setting& setting) {
  for (const std::string& engine : engine_names()) {
    // Making the reactor says why when the engine does not work here.
    ask(
        fmt::format("{}/{}", name, engine),
        [question, engine](benchmark::State& state) { question(state, engine); }, setting);
  }
}

#ifdef __linux__
void stay_on_core(std::size_t index) {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  std::size_t found = 0;
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed) || found++ < index) continue;
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(core, &only);
    ::sched_setaffinity(0, sizeof only, &only);
    return;
  }
}

OnCore::OnCore(std::size_t index) {
  ::sched_getaffinity(0, sizeof before_, &before_);
  stay_on_core(index);
}

OnCore::~OnCore() { ::sched_setaffinity(0, sizeof before_, &before_); }
#else
void stay_on_core(std::size_t) {}
OnCore::OnCore(std::size_t) {}
OnCore::~OnCore() = default;
#endif

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);  // when refused, require_descriptors() will tell
}

void require_descriptors(std::size_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= count + kSpareDescriptors) return;
  throw std::runtime_error(fmt::format("it takes {} descriptors, and the limit (ulimit -n) is {}",
                                       count + kSpareDescriptors, limit.rlim_cur));
}

UniqueFd connect_to(const SocketAddress& address) {
  UniqueFd socket(::socket(address.family(), SOCK_STREAM, 0));
  if (!socket) throw_error(errno, "cannot make a socket");
  if (::connect(socket.get(), address.data(), address.size()) != 0) {
    throw_error(errno, "cannot connect to " + address.to_string());
  }
  set_no_delay(socket.get());
  return socket;
}

void reset(UniqueFd socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void send_byte(int fd) {
  if (::send(fd, "x", 1, MSG_DONTWAIT) != 1) throw_error(errno, "cannot send a byte");
}

std::vector<SocketPair> make_socket_pairs(std::size_t count) {
  require_descriptors(2 * count);
  std::vector<SocketPair> pairs;
  while (pairs.size() < count) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw_error(errno, "cannot make sockets");
    pairs.push_back({UniqueFd(ends[0]), UniqueFd(ends[1])});
  }
  return pairs;
}

ReactorOptions with_engine(const std::string& engine) {
  ReactorOptions options;
  options.engine = engine;
  return options;
}

ReactorThread::~ReactorThread() { join(); }

void ReactorThread::join() {
  if (!thread_.joinable()) return;
  reactor_.stop();
  thread_.join();
}

}  // namespace bunshin::micro
