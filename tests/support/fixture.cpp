#include "tests/support/fixture.h"

#include <new>

#include "tests/support/allocations.h"

namespace bunshin::testing {

namespace {

ReactorOptions with_engine(ReactorOptions options, const std::string& engine) {
  options.engine = engine;
  return options;
}

}  // namespace

ReactorFixture::ReactorFixture(const std::string& engine, ReactorOptions options)
    : reactor(with_engine(std::move(options), engine)) {}

bool ReactorFixture::run_until(const std::function<bool()>& done, Duration limit) {
  const auto end = Clock::now() + limit;
  while (!done()) {
    const Duration left = end - Clock::now();
    if (left <= Duration::zero()) {
      ADD_FAILURE() << "what was waited for did not happen in time";
      return false;
    }
    reactor.run_once(std::min<Duration>(left, 5ms));
  }
  return true;
}

std::string ReactorFixture::receive(Peer& peer, std::size_t size) {
  std::string all;
  bool ended = false;
  run_until([&] {
    while (all.size() < size && !ended && peer.readable()) {
      const std::string some = peer.receive_some(size - all.size());
      all += some;
      ended = some.empty();
    }
    return ended || all.size() == size;
  });
  return all;
}

std::string ReactorFixture::receive_all(Peer& peer) { return receive(peer, std::string::npos); }

std::uint64_t ReactorFixture::rounds_in(Duration time) {
  const auto before = reactor.stats().rounds;
  const auto end = Clock::now() + time;
  for (Duration left = time; left > Duration::zero(); left = end - Clock::now()) {
    reactor.run_once(left);
  }
  return reactor.stats().rounds - before;
}

void ReactorFixture::run_rounds(int count) {
  while (count-- > 0) reactor.run_once(Duration::zero());
}

bool ReactorFixture::rounds_without_memory(std::size_t after, int count) {
  const FailAllocation failure(after);
  while (count-- > 0) {
    try {
      reactor.run_once(1ms);
    } catch (const std::bad_alloc&) {
      ADD_FAILURE() << "it would have ended the program";
    }
  }
  return failure.failed();
}

TestHandler& SettingCase::listen(std::function<void(UniqueFd)> accepted, SocketAddress& address,
                                 int backlog) {
  Listener listener(family(), backlog);
  address = listener.address;
  auto& handler = add(std::move(listener.socket), Kind::listener);
  handler.on_accept = [&handler, accepted = std::move(accepted)] {
    if (Accepted one = handler.reactor().accept(handler)) accepted(std::move(one.socket.fd));
  };
  return handler;
}

}  // namespace bunshin::testing
