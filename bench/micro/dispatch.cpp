// What does it cost to tell one handler about one event, and to let it read one byte? Many
// descriptors are ready at once, so that the wait is shared out. `by_hand` is the same with nothing
// but system calls: what is above it is the reactor's own.

#ifdef __linux__
#include <sys/epoll.h>
#endif
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include "bench/micro/support.h"
#include "handlers/dispatcher.h"
#include "reactor/error.h"

namespace bunshin::micro {

namespace {

constexpr std::size_t kActive = 128;

class Reader : public Dispatcher {
 public:
  Reader(Reactor& reactor, UniqueFd fd, std::size_t& bytes)
      : Dispatcher(reactor, as_inet(std::move(fd))), bytes_(bytes) {}
  void handle_read() override { bytes_ += recv().size(); }

 private:
  std::size_t& bytes_;
};

void dispatch(benchmark::State& state, const std::string& engine) {
  Reactor reactor(with_engine(engine));
  std::vector<SocketPair> pairs = make_socket_pairs(kActive);
  std::size_t bytes = 0;
  for (SocketPair& pair : pairs) reactor.emplace<Reader>(std::move(pair.ours), bytes);
  reactor.run_once(Duration::zero());  // the first edges
  while (state.KeepRunningBatch(kActive)) {
    for (const SocketPair& pair : pairs) send_byte(pair.peer.get());
    bytes = 0;
    const Stopwatch watch;
    while (bytes < kActive) reactor.run_once(Duration::zero());
    state.SetIterationTime(watch.seconds());
  }
}

#ifdef __linux__
void dispatch_by_hand(benchmark::State& state) {
  const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  const std::vector<SocketPair> pairs = make_socket_pairs(kActive);
  for (const SocketPair& pair : pairs) {
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.fd = pair.ours.get()}};
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, pair.ours.get(), &event) != 0) {
      throw_error(errno, "cannot watch a socket");
    }
  }
  std::vector<char> buffer(ReactorOptions().scratch_bytes);
  std::array<epoll_event, 2 * kActive> events{};
  while (state.KeepRunningBatch(kActive)) {
    for (const SocketPair& pair : pairs) send_byte(pair.peer.get());
    ssize_t bytes = 0;
    const Stopwatch watch;
    while (bytes < static_cast<ssize_t>(kActive)) {
      const int count = ::epoll_wait(epoll.get(), events.data(), events.size(), 0);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        bytes += ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
      }
    }
    state.SetIterationTime(watch.seconds());
  }
}
#endif

}  // namespace

void ask_dispatch() {
#ifdef __linux__
  ask("dispatch_one_event/by_hand", dispatch_by_hand, set_manual_time);
#endif
  ask_each_engine("dispatch_one_event", dispatch, set_manual_time);
}

}  // namespace bunshin::micro
