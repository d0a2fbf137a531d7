#include "reactor/resolver.h"

#include <memory>
#include <thread>
#include <utility>

#include "reactor/reactor.h"

namespace bunshin {

namespace {

LookUp look_up_now(const Endpoint& endpoint) {
  try {
    return {endpoint.look_up(), nullptr};
  } catch (...) {
    return {{}, std::current_exception()};
  }
}

}  // namespace

void look_up(Reactor& reactor, const Endpoint& endpoint, std::function<void(LookUp)> done) {
  if (auto address = endpoint.numeric()) {
    // A timer and not post(), which answers false between two runs.
    reactor.call_later(Duration::zero(), [done = std::move(done), address = *address] {
      done({{address}, nullptr});
    });
    return;
  }
  std::thread([endpoint, done = std::move(done), posts = reactor.posts()]() mutable {
    LookUp found = look_up_now(endpoint);
    posts->post([done = std::move(done), found = std::move(found)] { done(found); });
  }).detach();
}

}  // namespace bunshin
