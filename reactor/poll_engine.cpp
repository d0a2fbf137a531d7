// poll(2): the engine every POSIX system has, and the baseline of a study. It is level-triggered by
// nature; to look edge-triggered, a reported readiness is not asked for again until rearm() says
// that an operation found the descriptor exhausted.

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <vector>

#include "reactor/engine.h"
#include "reactor/error.h"
#include "reactor/sockets.h"

namespace bunshin {

namespace {

/// A descriptor that hung up is reported by poll(2) whatever is asked, so it is left out once told.
/// The master of a pseudo-terminal comes back to life when somebody opens the slave, and nothing
/// but asking will tell: this often, if its handler goes on waiting for it.
constexpr auto kHungUpRetry = std::chrono::milliseconds(50);
using Clock = std::chrono::steady_clock;

#ifdef POLLRDHUP
constexpr short kPeerEnded = POLLRDHUP;  // Linux, FreeBSD 13
#else
constexpr short kPeerEnded = 0;
#endif

short to_poll(std::uint8_t bits) {
  int events = 0;
  if ((bits & ready::readable) != 0) events |= POLLIN | kPeerEnded;
  if ((bits & ready::urgent) != 0) events |= POLLPRI;
  if ((bits & ready::writable) != 0) events |= POLLOUT;
  return static_cast<short>(events);
}

std::uint8_t to_bits(int events) {
  unsigned bits = 0;
  if ((events & POLLIN) != 0) bits |= ready::readable;
  if ((events & POLLPRI) != 0) bits |= ready::urgent;
  if ((events & POLLOUT) != 0) bits |= ready::writable;
  if ((events & (POLLERR | POLLNVAL)) != 0) bits |= ready::failed;
  if ((events & POLLHUP) != 0) bits |= ready::hung_up;
  if ((events & kPeerEnded) != 0) bits |= ready::peer_ended | ready::readable;
  return static_cast<std::uint8_t>(bits);
}

class PollEngine final : public Engine {
 public:
  PollEngine() : wake_pipe_(make_pipe()) {
    set_.push_back({wake_pipe_.read.get(), POLLIN, 0});
    watched_.push_back({});
  }

  [[nodiscard]] std::string_view name() const override { return "poll"; }
  [[nodiscard]] bool needs_rearm() const override { return true; }

  void add(int fd, Generation generation, Kind, Model model, std::uint8_t interest) override {
    const auto number = static_cast<std::size_t>(fd);
    if (number >= place_.size()) place_.resize(number + 1);
    const bool level = model == Model::level;
    const std::uint8_t bits = level ? interest : ready::readable | ready::urgent | ready::writable;
    watched_.push_back({generation, bits, level});
    try {
      set_.push_back({fd, to_poll(bits), 0});
    } catch (...) {
      watched_.pop_back();
      throw;
    }
    place_[number] = set_.size() - 1;
  }

  void modify(int fd, Generation, std::uint8_t interest) override { ask(place_of(fd), interest); }

  void remove(int fd) noexcept override {
    const std::size_t place = place_of(fd);
    set_[place] = set_.back();
    watched_[place] = watched_.back();
    place_[static_cast<std::size_t>(real(set_[place].fd))] = place;
    set_.pop_back();
    watched_.pop_back();
  }

  void rearm(int fd, std::uint8_t bits) noexcept override {
    const std::size_t place = place_of(fd);
    Watched& watched = watched_[place];
    if (watched.level) return;
    ask(place, watched.interest | bits);
    if (set_[place].fd < 0 && retry_at_ == Clock::time_point::max()) {
      retry_at_ = Clock::now() + kHungUpRetry;
    }
  }

  std::size_t wait(Timeout timeout, std::span<Event> events) override;

  void wake() noexcept override {
    const char byte = 0;
    (void)!::write(wake_pipe_.write.get(), &byte, 1);  // full: it will wake all the same
  }

 private:
  struct Watched {
    Generation generation = 0;
    std::uint8_t interest = 0;
    bool level = false;
  };

  /// poll(2) passes over negative numbers. Those who hung up are stored as such.
  static int left_out(int fd) { return -1 - fd; }
  static int real(int fd) { return fd < 0 ? -1 - fd : fd; }

  [[nodiscard]] std::size_t place_of(int fd) const { return place_[static_cast<std::size_t>(fd)]; }

  void ask(std::size_t place, unsigned bits) {
    watched_[place].interest = static_cast<std::uint8_t>(bits);
    set_[place].events = to_poll(watched_[place].interest);
  }

  int poll_for(Timeout timeout);
  Event report(std::size_t place);
  void ask_hung_up_again();

  Pipe wake_pipe_;
  std::vector<pollfd> set_;         // [0] is the wake-up pipe
  std::vector<Watched> watched_;    // beside set_
  std::vector<std::size_t> place_;  // descriptor -> index in both
  std::size_t next_ = 1;            // whom the last wait had no room for
  Clock::time_point retry_at_ = Clock::time_point::max();
};

Event PollEngine::report(std::size_t place) {
  pollfd& entry = set_[place];
  const Event event{entry.fd, watched_[place].generation, to_bits(entry.revents)};
  if (watched_[place].level) return event;
  ask(place, watched_[place].interest & ~unsigned{event.bits});
  if ((event.bits & (ready::hung_up | ready::failed)) != 0) entry.fd = left_out(entry.fd);
  return event;
}

void PollEngine::ask_hung_up_again() {
  retry_at_ = Clock::time_point::max();
  for (std::size_t place = 1; place < set_.size(); ++place) {
    if (watched_[place].interest != 0) set_[place].fd = real(set_[place].fd);
  }
}

int PollEngine::poll_for(Timeout timeout) {
  if (retry_at_ != Clock::time_point::max()) {
    const auto left = retry_at_ - Clock::now();
    if (left <= Clock::duration::zero()) {
      ask_hung_up_again();
    } else {
      timeout = std::min<Timeout>(timeout, left);
    }
  }
  int limit = -1;
  if (timeout != kForever) {
    constexpr Timeout kMost = std::chrono::milliseconds(INT_MAX);
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(std::min(timeout, kMost));
    limit = static_cast<int>(rounded.count());
  }
  return ::poll(set_.data(), static_cast<nfds_t>(set_.size()), limit);
}

std::size_t PollEngine::wait(Timeout timeout, std::span<Event> events) {
  int count = poll_for(timeout);
  if (count < 0) return wait_failed(errno, timeout);
  if (count > 0 && set_[0].revents != 0) {
    --count;
    char bytes[64];
    (void)!::read(wake_pipe_.read.get(), bytes, sizeof bytes);
  }
  std::size_t filled = 0;
  const std::size_t others = set_.size() - 1;
  for (std::size_t step = 0; step < others && count > 0 && filled < events.size(); ++step) {
    if (next_ >= set_.size()) next_ = 1;
    const std::size_t place = next_++;
    if (set_[place].revents == 0) continue;
    --count;
    events[filled++] = report(place);
  }
  return filled;
}

}  // namespace

std::unique_ptr<Engine> make_poll_engine(const EngineOptions&) {
  return std::make_unique<PollEngine>();
}

}  // namespace bunshin
