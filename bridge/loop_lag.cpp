#include "bridge/loop_lag.h"

#include <chrono>

#include "reactor/reactor.h"

namespace bunshin {
namespace {

constexpr Duration kInterval = std::chrono::milliseconds(100);

}  // namespace

LoopLag::LoopLag(Reactor& reactor, DurationHistogram& lag) : EventHandler(reactor), lag_(lag) {
  unref();
  wait();
}

void LoopLag::wait() {
  due_ = reactor().now() + kInterval;
  timer_.arm(kInterval);
}

void LoopLag::tick() {
  lag_.add(reactor().now() - due_);
  wait();
}

}  // namespace bunshin
