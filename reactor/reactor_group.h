#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <vector>

#include "reactor/reactor.h"

namespace bunshin {

/// Several reactors, one thread each, that share nothing: how many cores are used. Made, filled
/// with handlers and run by one thread, which becomes that of the first reactor.
class ReactorGroup {
 public:
  /// Throws std::system_error as Reactor does. REQUIRES: count > 0.
  ReactorGroup(std::size_t count, const ReactorOptions& options);

  [[nodiscard]] std::size_t size() const { return reactors_.size(); }
  /// Before run(), or in the thread of that very reactor.
  [[nodiscard]] Reactor& at(std::size_t index) { return *reactors_.at(index); }

  /// Runs them all until every one has ended. What one throws stops the others and leaves by here.
  /// Once only: a reactor stays with the thread that first ran it.
  void run();
  /// Reactor::finish for all of them. Any thread.
  void finish(Duration limit);
  /// Reactor::stop for all of them. Any thread.
  void stop();

 private:
  void run_one(Reactor& reactor) noexcept;

  std::vector<std::unique_ptr<Reactor>> reactors_;
  std::mutex mutex_;
  std::exception_ptr failure_;  // the first
};

}  // namespace bunshin
