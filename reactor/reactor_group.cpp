#include "reactor/reactor_group.h"

#include <thread>
#include <utility>

namespace bunshin {

ReactorGroup::ReactorGroup(std::size_t count, const ReactorOptions& options) {
  for (std::size_t index = 0; index < count; ++index) {
    reactors_.push_back(std::make_unique<Reactor>(options));
  }
}

void ReactorGroup::run() {
  std::vector<std::thread> threads;
  for (std::size_t index = 1; index < reactors_.size(); ++index) {
    threads.emplace_back([this, index] { run_one(*reactors_[index]); });
  }
  run_one(*reactors_.front());
  for (std::thread& thread : threads) thread.join();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void ReactorGroup::run_one(Reactor& reactor) noexcept {
  try {
    reactor.run();
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    stop();
  }
}

void ReactorGroup::finish(Duration limit) {
  for (const auto& reactor : reactors_) {
    reactor->post([&reactor = *reactor, limit] { reactor.finish(limit); });
  }
}

void ReactorGroup::stop() {
  for (const auto& reactor : reactors_) reactor->stop();
}

}  // namespace bunshin
