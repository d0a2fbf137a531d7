// kqueue(2): the engine of macOS and the BSDs. Everything is registered once, with EV_CLEAR.
//
// - Reading and writing are filters of their own, with events of their own: merged here.
// - Some systems ignore EV_CLEAR for writing on serial ports, which then stay ready for ever. There
//   EV_DISPATCH makes an event the last one until rearm() enables the filter again.
// - FreeBSD replaces udata (our generation) with every change of a filter.
// - Only macOS and OpenBSD tell of out-of-band data (NOTE_OOB). Elsewhere nothing is `urgent`, and
//   a short read may have stopped at its mark: there every event hints that there may be more.

#include <fcntl.h>
#include <sys/event.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "reactor/engine.h"
#include "reactor/error.h"
#include "reactor/sockets.h"
#include "reactor/unique_fd.h"

namespace bunshin {

namespace {

struct Filter {
  std::int16_t number;
  std::uint8_t interest;
  std::uint32_t fflags;
};

constexpr std::array kFilters = {
    Filter{EVFILT_READ, ready::readable, 0},
    Filter{EVFILT_WRITE, ready::writable, 0},
#ifdef NOTE_OOB
    Filter{EVFILT_EXCEPT, ready::urgent, NOTE_OOB},
#endif
};
constexpr std::uint8_t kHint = kFilters.size() < 3 ? ready::peer_ended : 0;

using Errors = std::array<int, kFilters.size()>;

struct kevent make_change(int fd, const Filter& filter, int flags, Generation generation) {
  struct kevent change {};
  change.ident = static_cast<std::uintptr_t>(fd);
  change.filter = filter.number;
  // Every change is answered: otherwise the first one refused would end the list.
  change.flags = static_cast<decltype(change.flags)>(flags | EV_RECEIPT);
  change.fflags = filter.fflags;
  change.udata = reinterpret_cast<void*>(std::uintptr_t{generation});
  return change;
}

/// The end of reading a pipe or a tty is the end of all, that of a socket only the peer's half.
Event to_event(const struct kevent& event, bool whole) {
  const bool ended = (event.flags & EV_EOF) != 0;
  std::uint8_t bits = ready::urgent;
  if (event.filter == EVFILT_READ) bits = ready::readable | kHint;
  if (event.filter == EVFILT_WRITE) bits = ready::writable;
  if (ended) bits |= event.filter == EVFILT_READ && !whole ? ready::peer_ended : ready::hung_up;
  if (ended && event.fflags != 0) bits |= ready::failed;
  const auto generation = static_cast<Generation>(reinterpret_cast<std::uintptr_t>(event.udata));
  return {static_cast<int>(event.ident), generation, bits};
}

class KqueueEngine final : public Engine {
 public:
  KqueueEngine() : queue_(::kqueue()) {
    struct kevent wake {};  // number 0, generation 0
    wake.filter = EVFILT_USER;
    wake.flags = EV_ADD | EV_CLEAR;
    if (!queue_ || ::kevent(queue_.get(), &wake, 1, nullptr, 0, nullptr) != 0) {
      throw_error(errno, "cannot make a kqueue");
    }
    ::fcntl(queue_.get(), F_SETFD, FD_CLOEXEC);
  }

  [[nodiscard]] std::string_view name() const override { return "kqueue"; }

  void add(int fd, Generation generation, Kind kind, Model model, std::uint8_t interest) override;

  void modify(int fd, Generation generation, std::uint8_t interest) override {
    change_all(fd, generation, [&](const Filter& filter) {
      return (interest & filter.interest) != 0 ? EV_ENABLE : EV_DISABLE;
    });
  }

  void remove(int fd) noexcept override {
    change_all(fd, 0, [](const Filter&) { return EV_DELETE; });
  }

  [[nodiscard]] bool needs_rearm() const override { return true; }  // only for devices

  void rearm(int fd, std::uint8_t bits) noexcept override {
    const Generation device = known_[static_cast<std::size_t>(fd)].device;
    if (device == 0 || (bits & ready::writable) == 0) return;
    struct kevent change = make_change(fd, kFilters[1], EV_ENABLE, device);
    ::kevent(queue_.get(), &change, 1, &change, 1, nullptr);
  }

  std::size_t wait(Timeout timeout, std::span<Event> events) override;

  void wake() noexcept override {
    struct kevent trigger {};
    trigger.filter = EVFILT_USER;
    trigger.fflags = NOTE_TRIGGER;
    ::kevent(queue_.get(), &trigger, 1, nullptr, 0, nullptr);
  }

 private:
  static constexpr std::size_t kBatch = 256;

  struct Known {
    std::uint32_t index = 0;  ///< of its event in the answer of the wait() it last had one
    Generation device = 0;    ///< of a character device that is edge-triggered; else 0
    bool whole = false;       ///< not half of a socket: the end of reading is the end of all
  };

  template <typename FlagsOf>
  Errors change_all(int fd, Generation generation, FlagsOf flags_of) noexcept;

  UniqueFd queue_;
  std::vector<Known> known_;  // by descriptor
  std::array<struct kevent, kBatch> batch_;
};

/// One change a filter of `fd`; what the kernel answers to each.
template <typename FlagsOf>
Errors KqueueEngine::change_all(int fd, Generation generation, FlagsOf flags_of) noexcept {
  std::array<struct kevent, kFilters.size()> changes;
  std::transform(kFilters.begin(), kFilters.end(), changes.begin(), [&](const Filter& filter) {
    return make_change(fd, filter, flags_of(filter), generation);
  });
  constexpr int kCount = static_cast<int>(kFilters.size());
  const bool answered =
      ::kevent(queue_.get(), changes.data(), kCount, changes.data(), kCount, nullptr) == kCount;
  const int error = errno;
  Errors errors;
  std::transform(changes.begin(), changes.end(), errors.begin(), [&](const struct kevent& answer) {
    return answered ? static_cast<int>(answer.data) : error;
  });
  return errors;
}

void KqueueEngine::add(int fd, Generation generation, Kind kind, Model model,
                       std::uint8_t interest) {
  const auto number = static_cast<std::size_t>(fd);
  if (number >= known_.size()) known_.resize(std::max(number + 1, known_.size() * 2));
  const bool level = model == Model::level;
  struct stat status {};
  if (kind == Kind::file && ::fstat(fd, &status) != 0) {
    throw_error(errno, "cannot watch a descriptor with kqueue");
  }
  // Not a pseudo-terminal's master: it is no port, and one that is full and has lost its slave
  // would answer every rearm() at once.
  const bool device = !level && S_ISCHR(status.st_mode) && !is_tty_master(fd);
  known_[number] = {0, device ? generation : 0,
                    S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)};
  const Errors errors = change_all(fd, generation, [&](const Filter& filter) {
    if (level) return EV_ADD | ((interest & filter.interest) != 0 ? EV_ENABLE : EV_DISABLE);
    return EV_ADD | EV_CLEAR | (device && filter.number == EVFILT_WRITE ? EV_DISPATCH : 0);
  });
  // What is open for one direction may lack the other's filter, and a pipe has none for writing
  // when its other end is gone (EPIPE): reading is where the end is reported then.
  if (errors[0] != 0 && errors[1] != 0) {
    throw_error(errors[0], "cannot watch a descriptor with kqueue");
  }
}

std::size_t KqueueEngine::wait(Timeout timeout, std::span<Event> events) {
  // Very long times are refused by some kernels: like a signal, a day ends the waiting.
  timeout = std::min<Timeout>(timeout, std::chrono::hours(24));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const timespec limit{static_cast<time_t>(seconds.count()),
                       static_cast<long>((timeout - seconds).count())};
  const auto most = static_cast<int>(std::min(events.size(), kBatch));
  const int count = ::kevent(queue_.get(), nullptr, 0, batch_.data(), most, &limit);
  if (count < 0) return wait_failed(errno, timeout);
  std::size_t filled = 0;
  for (int number = 0; number < count; ++number) {
    const struct kevent& found = batch_[static_cast<std::size_t>(number)];
    if (found.udata == nullptr) continue;  // wake()
    Known& known = known_[found.ident];
    const Event event = to_event(found, known.whole);
    if (known.index < filled && events[known.index].fd == event.fd) {
      events[known.index].bits |= event.bits;
    } else {
      known.index = static_cast<std::uint32_t>(filled);
      events[filled++] = event;
    }
  }
  return filled;
}

}  // namespace

std::unique_ptr<Engine> make_kqueue_engine(const EngineOptions&) {
  return std::make_unique<KqueueEngine>();
}

}  // namespace bunshin
