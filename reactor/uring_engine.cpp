#include "reactor/uring_engine.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace bunshin {

namespace {

/// What may wait for a handler who parks.
constexpr std::size_t kKeepLimit = 64 * 1024;
/// How long a closed descriptor goes on sending what it owes to a peer that does not read.
constexpr __kernel_timespec kLingerLimit{5, 0};
/// Until an operation that lacked memory, or was interrupted, is tried again.
constexpr __kernel_timespec kPauseLength{0, 10'000'000};
constexpr int kMemoryTries = 50;
constexpr auto kMemoryRetry = std::chrono::milliseconds(20);

}  // namespace

UringEngine::UringEngine(const EngineOptions& options)
    : ring_(options.ring_entries), buffers_(ring_.raw(), options) {}

UringEngine::~UringEngine() {
  // What was sent just before the end is still owed.
  try {
    std::array<Event, 64> events;
    for (int tries = 0; closing_ > 0 && tries < 20; ++tries) {
      wait(std::chrono::milliseconds(100), events);
    }
  } catch (const std::system_error&) {
    // The ring belongs to another thread, or is broken: nothing more can be sent.
  }
  for (std::size_t fd = 0; fd < streams_.size(); ++fd) {
    if (streams_[fd].closing) ::close(static_cast<int>(fd));
  }
}

// --- Registration ---

void UringEngine::add(int fd, Generation generation, Kind kind, Model model,
                      std::uint8_t interest) {
  if (index(fd) >= streams_.size()) {
    const std::size_t size = index(fd) + index(fd) / 2 + 16;
    to_do_.reserve(size);
    holding_.reserve(size);
    streams_.resize(size);
  }
  Stream& added = stream(fd);
  reset(added);
  added.generation = generation;
  added.kind = kind;
  added.polled = model != Model::remembered || kind == Kind::file;
  added.level = model == Model::level;
  added.interest = added.level ? interest : ready::readable | ready::urgent | ready::writable;
  added.wanted = !added.polled && (interest & ready::readable) != 0;
  added.connecting = !added.polled && !added.wanted;
  later(fd, added, Step::arm);
}

void UringEngine::modify(int fd, Generation, std::uint8_t interest) {
  Stream& changed = stream(fd);
  changed.interest = interest;
  // The completion of what is cancelled arms the new interest.
  later(fd, changed, changed.armed != Op::ignored ? Step::cancel : Step::arm);
}

void UringEngine::remove(int fd) noexcept {
  Stream& removed = stream(fd);
  if (!removed.polled) return;
  const bool armed = removed.armed != Op::ignored;
  if (armed) removed.removed = removed.generation;
  reset(removed);
  if (armed) later(fd, removed, Step::cancel_removed);
}

/// Forgets all but where it is listed and whose poll is to be cancelled.
void UringEngine::reset(Stream& old) {
  Stream fresh;
  fresh.listed = old.listed;
  fresh.holding = old.holding;
  fresh.removed = old.removed;
  fresh.steps = old.steps & Step::cancel_removed;
  old = std::move(fresh);
}

// --- What is handed to the ring ---

void UringEngine::later(int fd, Stream& of, Step::Bit step) noexcept {
  of.steps |= step;
  if (!std::exchange(of.listed, true)) to_do_.push_back(fd);
}

/// For what failed and may succeed in a moment: at once it might fail again and again.
void UringEngine::after_pause(int fd, Stream& of, Step::Bit step) noexcept {
  if (of.after_pause == 0) later(fd, of, Step::pause);
  of.after_pause |= step;
}

/// Stops when the ring takes no more: the rest has its turn when it does.
void UringEngine::hand_over() {
  std::size_t done = 0;
  while (done < to_do_.size() && take_steps(to_do_[done], stream(to_do_[done]))) ++done;
  to_do_.erase(to_do_.begin(), to_do_.begin() + static_cast<std::ptrdiff_t>(done));
}

bool UringEngine::take_steps(int fd, Stream& of) {
  const auto take = [&of](Step::Bit step, const auto& hand_over) {
    if ((of.steps & step) == 0) return true;
    if (!hand_over()) return false;
    of.steps &= static_cast<std::uint8_t>(~step);
    return true;
  };
  const auto time = [&](Op op, const __kernel_timespec& limit) {
    return ring_.time(op, fd, of.generation, limit);
  };
  const bool all =
      take(Step::cancel_removed, [&] { return ring_.cancel(Op::poll, fd, of.removed); }) &&
      take(Step::cancel, [&] { return cancel_armed(fd, of); }) &&
      take(Step::arm, [&] { return arm(fd, of); }) &&
      take(Step::send_more, [&] { return send_rest(fd, of); }) &&
      take(Step::cancel_send, [&] { return ring_.cancel(Op::send, fd, of.generation); }) &&
      take(Step::linger, [&] { return time(Op::linger, kLingerLimit); }) &&
      take(Step::pause, [&] { return time(Op::pause, kPauseLength); });
  of.listed = !all;
  return all;
}

bool UringEngine::cancel_armed(int fd, const Stream& of) {
  return of.armed == Op::ignored || ring_.cancel(of.armed, fd, of.generation);
}

bool UringEngine::arm(int fd, Stream& of) {
  if (of.armed != Op::ignored || of.closing || of.generation == 0) return true;
  Op op = Op::poll;
  bool started = true;
  if (of.polled) {
    unsigned mask = of.interest & (ready::readable | ready::writable);
    if ((mask & ready::readable) != 0) mask |= POLLRDHUP;
    if (of.level && mask == 0) return true;
    // The repeated kind is edge-triggered; the other is armed anew for every event.
    started = ring_.poll(fd, of.generation, mask, !of.level);
  } else if (of.connecting) {
    started = ring_.poll(fd, of.generation, POLLOUT, false);
  } else if (!of.wanted || of.ended || of.error != 0) {
    return true;
  } else if (of.kind == Kind::listener) {
    op = Op::accept;
    started = ring_.accept(fd, of.generation);
  } else {
    op = Op::receive;
    started = ring_.receive(fd, of.generation, UringBuffers::kGroup);
  }
  if (started) {
    of.armed = op;
    ++of.pending;
  }
  return started;
}

void UringEngine::want(int fd, bool wanted) noexcept {
  Stream& changed = stream(fd);
  if (changed.wanted == wanted) return;
  changed.wanted = wanted;
  changed.connecting = false;
  if (wanted) {
    changed.steps &= static_cast<std::uint8_t>(~Step::cancel);
    arm_later(fd, changed);
  } else if (changed.armed != Op::ignored) {
    later(fd, changed, Step::cancel);
  }
}

void UringEngine::close(int fd) noexcept {
  Stream& closed = stream(fd);
  while (!closed.received.empty()) buffers_.take(closed.received, kKeepLimit);
  closed.kept.reset();
  if (closed.accepted) {
    for (const int waiting : *closed.accepted) ::close(waiting);
    closed.accepted.reset();
  }
  closed.closing = true;
  ++closing_;
  if (closed.pending == 0) return finish_close(fd, closed);
  // A pending receive would keep the FIN from being sent.
  if (closed.armed != Op::ignored) later(fd, closed, Step::cancel);
  if (closed.out) later(fd, closed, Step::linger);
}

void UringEngine::finish_close(int fd, Stream& closed) {
  ::close(fd);
  reset(closed);
  --closing_;
}

// --- Waiting ---

/// Buffers must not stay with handlers who park: they are needed to receive for all others.
void UringEngine::keep_untaken() {
  std::erase_if(holding_, [this](int fd) { return keep(fd, stream(fd)); });
}

/// False when there is no memory for it: what was received stays where it is.
bool UringEngine::keep(int fd, Stream& held) {
  try {
    if (!held.received.empty() && !held.kept) held.kept = std::make_unique<Kept>();
    while (!held.received.empty()) {
      held.kept->data.reserve(held.kept->data.size() + buffers_.buffer_bytes());
      held.kept->data.append(buffers_.take(held.received, kKeepLimit));
    }
  } catch (const std::bad_alloc&) {
    return false;
  }
  held.holding = false;
  if (held.kept && held.kept->data.size() >= kKeepLimit) later(fd, held, Step::cancel);
  return true;
}

std::size_t UringEngine::wait(Timeout timeout, std::span<Event> events) {
  buffers_.give_back_lent();
  lent_.reset();
  keep_untaken();
  ring_.enable();
  hand_over();
  const int error = ring_.enter(to_do_.empty() ? timeout : Timeout::zero());
  ++round_;
  events_ = events;
  filled_ = 0;
  bool completed = false;
  UringRing::Completion completion;
  while (filled_ < events.size() && ring_.next(completion)) {
    complete(completion);
    completed = true;
  }
  // The kernel refuses when too much is under way; to take completions makes room.
  return error == 0 || completed ? filled_ : wait_failed(error, timeout);
}

/// The kernel gives the locked memory of a ring back some time after it was closed.
std::unique_ptr<Engine> make_uring_engine(const EngineOptions& options) {
  for (int tries = 0;; ++tries) {
    try {
      return std::make_unique<UringEngine>(options);
    } catch (const std::system_error& error) {
      if (error.code().value() != ENOMEM || tries == kMemoryTries) throw;
    }
    std::this_thread::sleep_for(kMemoryRetry);
  }
}

}  // namespace bunshin
