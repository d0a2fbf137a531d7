#include "bridge/retry.h"

#include <chrono>

#include "reactor/reactor.h"

namespace bunshin {
namespace {

constexpr auto kLasting = std::chrono::seconds(10);

}  // namespace

void Retry::succeeded() {
  works_ = true;
  worked_since_ = reactor_.now();
}

void Retry::schedule() {
  if (works_ && reactor_.now() - worked_since_ >= kLasting) backoff_.reset();
  works_ = false;
  timer_.arm(backoff_.next());
}

void Retry::try_at_once() { timer_.arm(Duration::zero()); }

}  // namespace bunshin
