#include "reactor/signals.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

#include "reactor/error.h"
#include "reactor/reactor.h"
#include "reactor/sockets.h"

namespace bunshin {

namespace {

/// What the signal handler finds: the pipe of the reactor that watches a signal, as its descriptor
/// + 1, or 0 for none; and whether it was raised since. Constant-initialised: nothing is made
/// inside a signal handler.
struct Mark {
  std::atomic<int> pipe{0};
  std::atomic<bool> raised{false};
};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);
constinit std::array<Mark, NSIG> marks{};

Mark& mark_of(int signal) { return marks[static_cast<std::size_t>(signal)]; }

/// One byte for all that is raised until it is taken: a flood of one signal does not fill the pipe.
extern "C" void note_signal(int signal) {
  const int error = errno;
  Mark& mark = mark_of(signal);
  const int fd = mark.pipe;
  if (fd > 0 && !mark.raised.exchange(true)) (void)!::write(fd - 1, "", 1);
  errno = error;
}

/// nohup(1), and a shell that starts a job in the background, want the program to live through
/// these.
bool is_to_stay_ignored(int signal, const struct sigaction& before) {
  return (signal == SIGHUP || signal == SIGINT) && before.sa_handler == SIG_IGN;
}

/// True when it was blocked: whoever started the program may have left it so.
bool unblock(int signal) {
  sigset_t set;
  sigset_t before;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return ::pthread_sigmask(SIG_UNBLOCK, &set, &before) == 0 && sigismember(&before, signal) == 1;
}

void block(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

SignalWatcher::SignalWatcher(Reactor& reactor) : EventHandler(reactor) {
  Pipe pipe = make_pipe();
  write_end_ = std::move(pipe.write);
  reactor.add(*this, std::move(pipe.read), Kind::file);
}

SignalWatcher::~SignalWatcher() {
  for (const Watched& watched : watched_) stop_watching(watched);
}

void SignalWatcher::stop_watching(const Watched& watched) noexcept {
  if (watched.was_blocked) block(watched.signal);
  ::sigaction(watched.signal, &watched.before, nullptr);
  mark_of(watched.signal).pipe = 0;
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
  if (signal <= 0 || signal >= NSIG)
    throw_error(EINVAL, fmt::format("cannot watch signal {}", signal));
  watched_.push_back({signal, std::move(function)});
  Watched& watched = watched_.back();
  mark_of(signal).raised = false;
  mark_of(signal).pipe = write_end_.get() + 1;
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  const bool done = ::sigaction(signal, &action, &watched.before) == 0;
  const int error = errno;
  if (done && !is_to_stay_ignored(signal, watched.before)) {
    watched.was_blocked = unblock(signal);
    return;
  }
  if (done) stop_watching(watched);
  mark_of(signal).pipe = 0;
  watched_.pop_back();
  if (!done) throw_error(error, fmt::format("cannot watch signal {}", signal));
}

void SignalWatcher::handle_read() {
  (void)reactor().recv(*this);
  // By number: a function may watch another signal.
  for (std::size_t index = 0; index < watched_.size(); ++index) {
    if (mark_of(watched_[index].signal).raised.exchange(false)) call(watched_[index]);
  }
}

/// One that throws must not make the program deaf: it is told, and the others are called.
void SignalWatcher::call(Watched& watched) {
  try {
    auto function = watched.function;  // which it may replace
    function();
  } catch (...) {
    handle_error();
  }
}

}  // namespace bunshin
