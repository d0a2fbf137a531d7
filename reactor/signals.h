#pragma once

#include <csignal>
#include <functional>
#include <vector>

#include "reactor/event_handler.h"

namespace bunshin {

/// Turns signals into events: the handler of sigaction(2) raises a flag, one a signal, and wakes
/// the reactor through a pipe. The same on every system and engine, and, unlike signalfd(2), it
/// needs no signal mask that other threads and child processes would inherit. Owned by its reactor;
/// see Reactor::on_signal.
class SignalWatcher : public EventHandler {
 public:
  explicit SignalWatcher(Reactor& reactor);
  ~SignalWatcher() override;

  /// Throws std::system_error. Another `function` for the same signal replaces the first.
  void watch(int signal, std::function<void()> function);
  void handle_read() override;

 private:
  struct Watched {
    int signal;
    std::function<void()> function;
    struct sigaction before {};
    bool was_blocked = false;
  };
  Watched* find(int signal);
  void stop_watching(const Watched& watched) noexcept;
  void call(Watched& watched);

  UniqueFd write_end_;
  std::vector<Watched> watched_;
};

}  // namespace bunshin
