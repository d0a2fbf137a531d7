// kqueue(2): the engine of macOS and the BSDs. Everything is registered once, with EV_CLEAR. What
// it relies on, tests/kqueue_contract asks of the system that it runs on.
//
// Reading and writing are filters of their own, with events of their own: merged here. A refused
// connect and a reset are an end with an error (EV_EOF, fflags) of both: whichever tells first.
//
// FreeBSD: no EVFILT_EXCEPT. Each change of a filter replaces udata, our generation. A terminal's
//   EV_EOF stays set when somebody opens the other side again: it is a hint.
// macOS: EVFILT_EXCEPT (NOTE_OOB) tells of out-of-band data. Some serial ports ignore EV_CLEAR for
//   writing and stay ready for ever: EV_DISPATCH makes an event the last one until rearm().
// OpenBSD: EVFILT_EXCEPT since 6.8, of sockets; a tty refuses it, so that only TCP is asked to. The
//   end of a tty is told by reading alone. EVFILT_USER since 7.8: before, a pipe wakes.
// NetBSD, 10 or later (EV_RECEIPT): filters are unsigned. No EVFILT_EXCEPT. Its ttys never report
//   EV_EOF: that one hung up is learned when it is next written to.
//
// Where there is no EVFILT_EXCEPT, or it was refused, nothing is `urgent`, and a short read may
// have stopped at the mark of out-of-band data: there every event hints that there may be more.

#include <fcntl.h>
#include <sys/event.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <vector>

#include "reactor/engine.h"
#include "reactor/error.h"
#include "reactor/sockets.h"
#include "reactor/unique_fd.h"

namespace bunshin {

namespace {

using kevent_t = struct kevent;  // a function has the same name

struct Filter {
  decltype(kevent_t::filter) number;
  std::uint8_t interest;
  std::uint32_t fflags;
};

/// In this order, so that a descriptor takes the first so many: a listener has no room to tell of,
/// and only TCP has out-of-band data.
constexpr std::array kFilters = {
    Filter{EVFILT_READ, ready::readable, 0},
    Filter{EVFILT_WRITE, ready::writable, 0},
#ifdef NOTE_OOB
    Filter{EVFILT_EXCEPT, ready::urgent, NOTE_OOB},
#endif
};

std::size_t filters_for(Kind kind, bool is_socket) {
  if (kind == Kind::listener) return 1;
  return kind == Kind::inet_stream || is_socket ? kFilters.size() : 2;
}

/// What the kernel answered to each change; 0 for those that were not made.
using Errors = std::array<int, 3>;

kevent_t make_change(int fd, const Filter& filter, int flags, Generation generation) {
  kevent_t change{};
  change.ident = static_cast<std::uintptr_t>(fd);
  change.filter = filter.number;
  // Every change is answered: otherwise the first one refused would end the list.
  change.flags = static_cast<decltype(change.flags)>(flags | EV_RECEIPT);
  change.fflags = filter.fflags;
  change.udata = std::bit_cast<void*>(std::uintptr_t{generation});
  return change;
}

/// Ends a wait from another thread. Its udata is null: no generation is 0.
class Waker {
 public:
#ifdef EVFILT_USER
  bool attach(int queue) noexcept { return change(queue, EV_ADD | EV_CLEAR, 0); }
  void wake(int queue) noexcept { change(queue, 0, NOTE_TRIGGER); }
  void drain() noexcept {}

 private:
  static bool change(int queue, int flags, std::uint32_t fflags) noexcept {
    kevent_t event{};  // number 0
    event.filter = EVFILT_USER;
    event.flags = static_cast<decltype(event.flags)>(flags);
    event.fflags = fflags;
    return ::kevent(queue, &event, 1, nullptr, 0, nullptr) == 0;
  }
#else
  bool attach(int queue) noexcept {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return false;
    for (const int end : ends) {
      ::fcntl(end, F_SETFD, FD_CLOEXEC);
      ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
    reading_.reset(ends[0]);
    writing_.reset(ends[1]);
    kevent_t event{};
    event.ident = static_cast<std::uintptr_t>(ends[0]);
    event.filter = EVFILT_READ;
    event.flags = EV_ADD | EV_CLEAR;
    return ::kevent(queue, &event, 1, nullptr, 0, nullptr) == 0;
  }
  /// A full pipe wakes as well.
  void wake(int) noexcept { [[maybe_unused]] const auto told = ::write(writing_.get(), "", 1); }
  void drain() noexcept {
    std::array<char, 256> rest;
    while (::read(reading_.get(), rest.data(), rest.size()) > 0) {
    }
  }

 private:
  UniqueFd reading_;
  UniqueFd writing_;
#endif
};

class KqueueEngine final : public Engine {
 public:
  KqueueEngine() : queue_(::kqueue()) {
    if (!queue_ || !waker_.attach(queue_.get())) throw_error(errno, "cannot make a kqueue");
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
    kevent_t change = make_change(fd, kFilters[1], EV_ENABLE, device);
    ::kevent(queue_.get(), &change, 1, &change, 1, nullptr);
  }

  std::size_t wait(Timeout timeout, std::span<Event> events) override;

  void wake() noexcept override { waker_.wake(queue_.get()); }

 private:
  static constexpr std::size_t kBatch = 256;

  struct Known {
    std::uint32_t index = 0;   ///< of its event in the answer of the wait() it last had one
    Generation device = 0;     ///< of a character device that is edge-triggered; else 0
    std::uint8_t filters = 0;  ///< so many of kFilters are registered
    bool whole = false;        ///< not half of a socket: the end of reading is the end of all
    bool hints = false;        ///< urgent data is not told of: there may always be more behind
  };

  template <typename FlagsOf>
  Errors change_all(int fd, Generation generation, FlagsOf flags_of) noexcept;

  static Event to_event(const kevent_t& event, const Known& known);

  UniqueFd queue_;
  Waker waker_;
  std::vector<Known> known_;  // by descriptor
  std::array<kevent_t, kBatch> batch_;
};

/// The end of reading a pipe or a tty is the end of all, that of a socket only the peer's half.
Event KqueueEngine::to_event(const kevent_t& event, const Known& known) {
  const bool reading = event.filter == kFilters[0].number;
  const bool ended = (event.flags & EV_EOF) != 0;
  std::uint8_t bits = ready::urgent;
  if (reading) bits = known.hints ? ready::readable | ready::peer_ended : ready::readable;
  if (event.filter == kFilters[1].number) bits = ready::writable;
  if (ended) bits |= reading && !known.whole ? ready::peer_ended : ready::hung_up;
  if ((ended && event.fflags != 0) || (event.flags & EV_ERROR) != 0) bits |= ready::failed;
  const auto generation = static_cast<Generation>(std::bit_cast<std::uintptr_t>(event.udata));
  return {static_cast<int>(event.ident), generation, bits};
}

/// One change a filter of `fd`.
template <typename FlagsOf>
Errors KqueueEngine::change_all(int fd, Generation generation, FlagsOf flags_of) noexcept {
  std::array<kevent_t, kFilters.size()> changes;
  const int count = known_[static_cast<std::size_t>(fd)].filters;
  std::transform(
      kFilters.begin(), kFilters.begin() + count, changes.begin(),
      [&](const Filter& filter) { return make_change(fd, filter, flags_of(filter), generation); });
  const bool answered =
      ::kevent(queue_.get(), changes.data(), count, changes.data(), count, nullptr) == count;
  const int error = errno;
  Errors errors{};
  std::transform(
      changes.begin(), changes.begin() + count, errors.begin(),
      [&](const kevent_t& answer) { return answered ? static_cast<int>(answer.data) : error; });
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
  Known& known = known_[number];
  known = {};
  known.filters = static_cast<std::uint8_t>(filters_for(kind, S_ISSOCK(status.st_mode)));
  known.device = device ? generation : 0;
  known.whole = S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
  const Errors errors = change_all(fd, generation, [&](const Filter& filter) {
    if (level) return EV_ADD | ((interest & filter.interest) != 0 ? EV_ENABLE : EV_DISABLE);
    return EV_ADD | EV_CLEAR | (device && filter.number == EVFILT_WRITE ? EV_DISPATCH : 0);
  });
  // What is open for one direction may lack the other's filter, and a pipe has none for writing
  // when its other end is gone (EPIPE): reading is where the end is reported then.
  if (errors[0] != 0 && (errors[1] != 0 || known.filters == 1)) {
    throw_error(errors[0], "cannot watch a descriptor with kqueue");
  }
  known.hints = kind == Kind::inet_stream && (known.filters < 3 || errors[2] != 0);
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
    const kevent_t& found = batch_[static_cast<std::size_t>(number)];
    if (found.udata == nullptr) {
      waker_.drain();
      continue;
    }
    Known& known = known_[found.ident];
    const Event event = to_event(found, known);
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
