#include "bridge/retry.h"

#include <chrono>
#include <random>
#include <utility>

namespace bunshin {
namespace {

constexpr auto kLasting = std::chrono::seconds(10);

}  // namespace

Retry::Retry(Reactor& reactor, Backoff::Limits limits, std::function<void()> attempt)
    : reactor_(reactor), backoff_(limits, std::random_device()()), attempt_(std::move(attempt)) {}

Retry::~Retry() { reactor_.cancel(timer_); }

void Retry::succeeded() {
  works_ = true;
  worked_since_ = reactor_.now();
}

void Retry::schedule() {
  if (works_ && reactor_.now() - worked_since_ >= kLasting) backoff_.reset();
  works_ = false;
  reactor_.cancel(timer_);
  timer_ = reactor_.call_later(backoff_.next(), [this] { attempt_(); });
}

}  // namespace bunshin
