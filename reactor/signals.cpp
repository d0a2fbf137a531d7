#include "reactor/signals.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <string>

#include "reactor/error.h"
#include "reactor/reactor.h"
#include "reactor/sockets.h"

namespace bunshin {

namespace {

/// Where the signal handler finds the pipe of the reactor that watches a signal: its descriptor + 1,
/// or 0 for none. Constant-initialised: nothing is made inside a signal handler.
constinit std::array<std::atomic<int>, NSIG> pipe_of{};

extern "C" void note_signal(int signal) {
  const int error = errno;
  const auto byte = static_cast<unsigned char>(signal);
  const int fd = pipe_of[static_cast<std::size_t>(signal)];
  // A full pipe already holds more of them than anybody needs.
  if (fd > 0) (void)!::write(fd - 1, &byte, 1);
  errno = error;
}

}  // namespace

SignalWatcher::SignalWatcher(Reactor& reactor) : EventHandler(reactor) {
  Pipe pipe = make_pipe();
  write_end_ = std::move(pipe.write);
  reactor.add(*this, std::move(pipe.read), Kind::file);
}

SignalWatcher::~SignalWatcher() {
  for (const Watched& watched : watched_) {
    ::sigaction(watched.signal, &watched.before, nullptr);
    pipe_of[static_cast<std::size_t>(watched.signal)] = 0;
  }
}

SignalWatcher::Watched* SignalWatcher::find(int signal) {
  for (Watched& watched : watched_) {
    if (watched.signal == signal) return &watched;
  }
  return nullptr;
}

void SignalWatcher::watch(int signal, std::function<void()> function) {
  if (Watched* known = find(signal)) {
    known->function = std::move(function);
    return;
  }
  if (signal <= 0 || signal >= NSIG) throw_error(EINVAL, fmt::format("cannot watch signal {}", signal));
  pipe_of[static_cast<std::size_t>(signal)] = write_end_.get() + 1;
  Watched watched{signal, std::move(function), {}};
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  if (::sigaction(signal, &action, &watched.before) != 0) {
    const int error = errno;
    pipe_of[static_cast<std::size_t>(signal)] = 0;
    throw_error(error, fmt::format("cannot watch signal {}", signal));
  }
  watched_.push_back(std::move(watched));
}

void SignalWatcher::handle_read() {
  const std::string numbers(reactor().recv(*this, 256));  // copied: the functions may receive too
  for (const char number : numbers) {
    Watched* watched = find(static_cast<unsigned char>(number));
    if (watched == nullptr) continue;
    const auto function = watched->function;  // it may watch another signal
    function();
  }
}

}  // namespace bunshin
