#include "tests/kqueue_shim/queue.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

#include "tests/kqueue_shim/conditions.h"
#include "tests/kqueue_shim/kqueue_shim.h"

namespace bunshin::kqueue_shim {

namespace {

using std::chrono::nanoseconds;

std::atomic<bool> tty_writes_never_clear{false};

constexpr std::array<std::int16_t, 3> kDescriptorFilters{EVFILT_READ, EVFILT_WRITE, EVFILT_EXCEPT};

bool is_descriptor_filter(std::int16_t filter) {
  return std::find(kDescriptorFilters.begin(), kDescriptorFilters.end(), filter) !=
         kDescriptorFilters.end();
}

bool is_pipe(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

nanoseconds timer_period(const struct kevent& change) {
  std::int64_t unit = 1'000'000;
  if ((change.fflags & NOTE_SECONDS) != 0) unit = 1'000'000'000;
  if ((change.fflags & NOTE_USECONDS) != 0) unit = 1'000;
  if ((change.fflags & NOTE_NSECONDS) != 0) unit = 1;
  // A century is for ever: longer ones overflow the clock.
  constexpr std::int64_t kCentury = std::int64_t{100} * 365 * 86'400 * 1'000'000'000;
  return nanoseconds(std::min<std::int64_t>(change.data, kCentury / unit) * unit);
}

std::uint32_t combine_user_flags(std::uint32_t old, std::uint32_t change) {
  const std::uint32_t flags = change & NOTE_FFLAGSMASK;
  switch (change & NOTE_FFCTRLMASK) {
    case NOTE_FFAND:
      return old & flags;
    case NOTE_FFOR:
      return old | flags;
    case NOTE_FFCOPY:
      return flags;
    default:
      return old;
  }
}

}  // namespace

void ignore_clear_for_tty_writes(bool on) { tty_writes_never_clear.store(on); }

Queue::Queue(int kq) : kq_(kq) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = kBell;
  ::epoll_ctl(kq_, EPOLL_CTL_ADD, bell(), &event);
}

int Queue::apply(const struct kevent& change) {
  const Key key{change.filter, change.ident};
  if (is_descriptor_filter(key.filter)) {
    const int fd = static_cast<int>(key.ident);
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
      drop_descriptor(fd);
      return EBADF;
    }
    drop_if_stale(fd);
  }
  if ((change.flags & EV_ADD) != 0) {
    if (const int error = attach(change)) return error;
  }
  const auto found = knotes_.find(key);
  if (found == knotes_.end()) return ENOENT;
  if ((change.flags & EV_DELETE) != 0) {
    erase(key);
    return 0;
  }
  update(key, found->second, change);
  return 0;
}

/// EV_ADD. The flags are those of the first one: BSD kernels do not change EV_CLEAR and its kin
/// when a filter is added again.
int Queue::attach(const struct kevent& change) {
  const Key key{change.filter, change.ident};
  if (is_descriptor_filter(key.filter)) {
    const int fd = static_cast<int>(key.ident);
    // As on macOS and FreeBSD: nobody is at the other end any more.
    if (key.filter == EVFILT_WRITE && is_pipe(fd) && write_condition(fd).eof) return EPIPE;
    if (const int error = attach_descriptor(fd)) return error;
  } else if (key.filter == EVFILT_SIGNAL) {
    if (key.ident >= NSIG || !watch_signal(static_cast<int>(key.ident))) return EINVAL;
  } else if (key.filter == EVFILT_TIMER) {
    if (change.data < 0) return EINVAL;
  } else if (key.filter != EVFILT_USER) {
    return EINVAL;
  }
  const auto [place, added] = knotes_.try_emplace(key);
  Knote& note = place->second;
  if (added) {
    note.settings = change;
    note.settings.flags &= EV_ONESHOT | EV_CLEAR | EV_DISPATCH;
    if (key.filter == EVFILT_USER) note.settings.fflags = 0;
    if (key.filter == EVFILT_SIGNAL) note.signals_seen = signal_count(static_cast<int>(key.ident));
  }
  if (key.filter == EVFILT_TIMER) {
    note.period = timer_period(change);
    note.due = Clock::now() + note.period;
  }
  note.enabled = true;
  return 0;
}

/// Registers a number with epoll, once for all its filters. Looking at it again is also how a tty
/// that was closed and opened under the same number is found out.
int Queue::attach_descriptor(int fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET;
  if (const auto found = descriptors_.find(fd); found != descriptors_.end()) {
    event.data.u64 = std::uint64_t{found->second.generation} << 32 | static_cast<std::uint32_t>(fd);
    if (!found->second.pollable || ::epoll_ctl(kq_, EPOLL_CTL_MOD, fd, &event) == 0) return 0;
    drop_descriptor(fd);
  }
  struct stat status {};
  if (::fstat(fd, &status) != 0) return errno;
  // The place comes first: when there is no memory for it, epoll knows nothing yet.
  Descriptor& descriptor = descriptors_[fd];
  event.data.u64 = std::uint64_t{++generation_} << 32 | static_cast<std::uint32_t>(fd);
  const bool pollable = ::epoll_ctl(kq_, EPOLL_CTL_ADD, fd, &event) == 0;
  const int refused = pollable || errno == EPERM ? 0 : errno;
  if (refused != 0 || (!pollable && !S_ISREG(status.st_mode))) {
    descriptors_.erase(fd);
    return refused != 0 ? refused : EINVAL;
  }
  descriptor = {status.st_dev, status.st_ino, generation_, pollable};
  return 0;
}

/// What any change does to a filter that stays. As in FreeBSD, udata is replaced every time.
void Queue::update(const Key& key, Knote& note, const struct kevent& change) {
  note.settings.udata = change.udata;
  if (key.filter == EVFILT_USER) {
    note.settings.fflags = combine_user_flags(note.settings.fflags, change.fflags);
    if ((change.fflags & NOTE_TRIGGER) != 0) note.triggered = true;
  }
  if ((change.flags & EV_ENABLE) != 0) note.enabled = true;
  if ((change.flags & EV_DISABLE) != 0) note.enabled = false;
  if (note.enabled) activate(key);
  if (waiting_ > 0) ring();
}

void Queue::erase(const Key& key) {
  knotes_.erase(key);
  if (!is_descriptor_filter(key.filter)) return;
  const bool any_left =
      std::any_of(kDescriptorFilters.begin(), kDescriptorFilters.end(), [&](std::int16_t filter) {
        return knotes_.count(Key{filter, key.ident}) != 0;
      });
  if (!any_left) drop_descriptor(static_cast<int>(key.ident));
}

void Queue::drop_descriptor(int fd) {
  if (descriptors_.erase(fd) == 0) return;
  ::epoll_ctl(kq_, EPOLL_CTL_DEL, fd, nullptr);  // ENOENT or EBADF: closing has done it
  for (const std::int16_t filter : kDescriptorFilters) {
    knotes_.erase(Key{filter, static_cast<std::uintptr_t>(fd)});
  }
}

/// Whether `fd` was closed, or closed and opened as something else, behind our back.
bool Queue::drop_if_stale(int fd) {
  const auto found = descriptors_.find(fd);
  if (found == descriptors_.end()) return false;
  struct stat status {};
  const Descriptor& known = found->second;
  if (::fstat(fd, &status) == 0 && status.st_dev == known.device && status.st_ino == known.inode) {
    return false;
  }
  drop_descriptor(fd);
  return true;
}

void Queue::activate(const Key& key) {
  const auto found = knotes_.find(key);
  if (found == knotes_.end() || found->second.queued) return;
  active_.push_back(key);
  found->second.queued = true;
}

void Queue::activate_descriptor(std::uint64_t data, std::uint32_t events) {
  const int fd = static_cast<int>(data & 0xffffffffu);
  const auto found = descriptors_.find(fd);
  if (found == descriptors_.end() || found->second.generation != data >> 32) return;
  const auto ident = static_cast<std::uintptr_t>(fd);
  constexpr std::uint32_t kBoth = EPOLLHUP | EPOLLERR;
  if ((events & (EPOLLIN | EPOLLRDHUP | kBoth)) != 0) activate({EVFILT_READ, ident});
  if ((events & (EPOLLOUT | kBoth)) != 0) activate({EVFILT_WRITE, ident});
  if ((events & EPOLLPRI) != 0) activate({EVFILT_EXCEPT, ident});
}

/// Puts on the list what may have become active since the last time. An errno value or 0.
int Queue::gather() {
  std::array<epoll_event, 64> events;
  int count = 0;
  do {
    count = ::epoll_wait(kq_, events.data(), static_cast<int>(events.size()), 0);
    if (count < 0) return errno == EINTR ? 0 : EBADF;
    for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(count))) {
      if (event.data.u64 != kBell) activate_descriptor(event.data.u64, event.events);
    }
  } while (count == static_cast<int>(events.size()));
  for (auto& [key, note] : knotes_) {
    if (!note.enabled) continue;
    if (key.filter == EVFILT_SIGNAL) watch_signal(static_cast<int>(key.ident));
    if (key.filter == EVFILT_SIGNAL || key.filter == EVFILT_TIMER) activate(key);
  }
  return 0;
}

/// Goes through the list once, as far as there is room.
std::size_t Queue::collect(std::span<struct kevent> out) {
  std::size_t stored = 0;
  for (std::size_t left = active_.size(); left > 0 && stored < out.size(); --left) {
    const Key key = active_.front();
    active_.pop_front();
    const auto found = knotes_.find(key);
    if (found == knotes_.end() || !found->second.queued) continue;
    if (is_descriptor_filter(key.filter) && drop_if_stale(static_cast<int>(key.ident))) continue;
    Knote& note = found->second;
    note.queued = false;
    if (!note.enabled) continue;
    if (report(key, note, out[stored])) {
      ++stored;
      after_report(key, note);
    } else if (is_descriptor_filter(key.filter) &&
               !descriptors_.at(static_cast<int>(key.ident)).pollable) {
      activate(key);
    }
  }
  return stored;
}

/// Asks a filter whether it has something to say, and fills `event` if so.
bool Queue::report(const Key& key, Knote& note, struct kevent& event) {
  const int fd = static_cast<int>(key.ident);
  Condition condition;
  switch (key.filter) {
    case EVFILT_READ:
      condition = read_condition(fd);
      break;
    case EVFILT_WRITE:
      condition = write_condition(fd);
      break;
    case EVFILT_EXCEPT:
      condition = except_condition(fd);
      break;
    case EVFILT_USER:
      condition.holds = note.triggered;
      condition.fflags = note.settings.fflags;
      break;
    case EVFILT_SIGNAL:
      condition.data = static_cast<std::intptr_t>(signal_count(fd) - note.signals_seen);
      condition.holds = condition.data > 0;
      note.signals_seen += static_cast<std::uint64_t>(condition.data);
      break;
    default:
      for (; note.due <= Clock::now(); note.due += std::max(note.period, nanoseconds(1'000))) {
        ++condition.data;
        if ((note.settings.flags & EV_ONESHOT) != 0) break;  // however late we look
      }
      condition.holds = condition.data > 0;
  }
  event = note.settings;
  if (condition.eof) event.flags |= EV_EOF;
  event.fflags = condition.fflags;
  event.data = condition.data;
  return condition.holds;
}

void Queue::after_report(const Key& key, Knote& note) {
  const std::uint16_t flags = note.settings.flags;
  if ((flags & EV_ONESHOT) != 0) {
    erase(key);
    return;
  }
  const bool never_clears = key.filter == EVFILT_WRITE && tty_writes_never_clear.load() &&
                            ::isatty(static_cast<int>(key.ident)) != 0;
  if ((flags & EV_CLEAR) != 0 && !never_clears) {
    note.triggered = false;
  } else {
    activate(key);
  }
  if ((flags & EV_DISPATCH) != 0) note.enabled = false;
}

std::optional<Clock::time_point> Queue::next_timer() const {
  std::optional<Clock::time_point> next;
  for (const auto& [key, note] : knotes_) {
    if (key.filter != EVFILT_TIMER || !note.enabled) continue;
    if (!next || note.due < *next) next = note.due;
  }
  return next;
}

/// Waits for an edge, the bell or `until`. An errno value or 0. poll(2) of the epoll descriptor
/// takes nanoseconds and leaves the edges for gather().
int Queue::sleep(std::unique_lock<std::mutex>& lock, std::optional<Clock::time_point> until) {
  if (const auto timer = next_timer(); timer && (!until || *timer < *until)) until = timer;
  timespec pause{};
  if (until) {
    const auto left = std::max(nanoseconds(*until - Clock::now()), nanoseconds(0));
    pause.tv_sec = static_cast<time_t>(left.count() / 1'000'000'000);
    pause.tv_nsec = static_cast<long>(left.count() % 1'000'000'000);
  }
  const std::uint64_t ignored_before = ignored_signals();
  pollfd entry{kq_, POLLIN, 0};
  ++waiting_;
  lock.unlock();
  const int result = ::ppoll(&entry, 1, until ? &pause : nullptr, nullptr);
  const int error = result < 0 ? errno : 0;
  lock.lock();
  --waiting_;
  return error == EINTR && ignored_signals() != ignored_before ? 0 : error;
}

int Queue::call(std::span<const struct kevent> changes, std::span<struct kevent> out,
                std::optional<Clock::time_point> until) {
  std::unique_lock lock(mutex_);
  if (const int error = gather()) return -error;
  std::size_t answers = 0;
  for (const struct kevent& change : changes) {
    const int error = apply(change);
    if (error == 0 && (change.flags & EV_RECEIPT) == 0) continue;
    if (answers == out.size()) {
      if (error == 0) continue;
      return -error;
    }
    out[answers] = change;
    out[answers].flags |= EV_ERROR;
    out[answers++].data = error;
  }
  if (answers > 0 || out.empty()) return static_cast<int>(answers);
  for (;;) {
    if (const int error = gather()) return -error;
    if (const std::size_t stored = collect(out); stored > 0) return static_cast<int>(stored);
    if (until && Clock::now() >= *until) return 0;
    if (const int error = sleep(lock, until)) return -error;
  }
}

}  // namespace bunshin::kqueue_shim
