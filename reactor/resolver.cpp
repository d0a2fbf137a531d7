#include "reactor/resolver.h"

#include <utility>

#include "reactor/host.h"
#include "reactor/reactor.h"

namespace bunshin {

void look_up(Reactor& reactor, const Endpoint& endpoint, std::function<void(LookUp)> done) {
  if (auto address = endpoint.numeric()) {
    // A timer and not post(), which answers false between two runs.
    reactor.call_later(Duration::zero(), [done = std::move(done), address = *address] {
      done({{address}, nullptr});
    });
    return;
  }
  reactor.host().look_up(endpoint, reactor.posts(), std::move(done));
}

}  // namespace bunshin
