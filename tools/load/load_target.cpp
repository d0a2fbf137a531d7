#include "tools/load/load_target.h"

#include <cerrno>
#include <chrono>
#include <exception>
#include <optional>

#include "handlers/dispatcher.h"
#include "reactor/error.h"

namespace bunshin {

namespace {

constexpr auto kPatience = std::chrono::seconds(10);

struct Answer {
  std::optional<SocketAddress> address;
  std::exception_ptr failure;
};

class Scout : public Dispatcher {
 public:
  Scout(Reactor& reactor, const Endpoint& endpoint, Answer& answer)
      : Dispatcher(reactor), answer_(answer) {
    connect(endpoint);
  }
  void handle_connect() override {
    answer_.address = SocketAddress::peer_of(descriptor());
    close();
  }
  void handle_error() override { answer_.failure = std::current_exception(); }

 private:
  Answer& answer_;
};

}  // namespace

SocketAddress reachable_address(Reactor& reactor, const Endpoint& endpoint) {
  if (const auto numeric = endpoint.numeric()) return *numeric;
  Answer answer;
  auto& scout = reactor.emplace<Scout>(endpoint, answer);
  const TimePoint end = Clock::now() + kPatience;
  while (!answer.address && !answer.failure) {
    const Duration left = end - Clock::now();
    if (left <= Duration::zero()) {
      scout.close();
      throw_error(ETIMEDOUT, "cannot connect to " + endpoint.to_string());
    }
    reactor.run_once(left);
  }
  if (answer.failure) std::rethrow_exception(answer.failure);
  return *answer.address;
}

}  // namespace bunshin
