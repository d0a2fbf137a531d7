#include "bridge/retry.h"

#include <chrono>

namespace bunshin {
namespace {

constexpr Duration kLasting = std::chrono::seconds(10);
constexpr Duration kUseful = std::chrono::seconds(1);

}  // namespace

void Retry::succeeded() {
  works_ = true;
  brought_ = false;
  worked_since_ = reactor_.now();
}

void Retry::schedule() {
  const Duration lasting = brought_ ? kUseful : kLasting;
  if (works_ && reactor_.now() - worked_since_ >= lasting) backoff_.reset();
  works_ = false;
  arm(backoff_.next());
}

void Retry::try_at_once() { arm(Duration::zero()); }

void Retry::try_soon(Duration delay) {
  if (timer_.armed() && due_ > reactor_.now() + delay) arm(delay);
}

void Retry::arm(Duration delay) {
  due_ = reactor_.now() + delay;
  timer_.arm(delay);
}

}  // namespace bunshin
