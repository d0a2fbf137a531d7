// io_uring(7), Linux 6.1 or later: operations are handed to the kernel and completed by it, with
// one io_uring_enter(2) a round. Streams and listeners are served that way; everything else (ttys,
// pipes, foreign descriptors, the models that studies compare) is polled through the same ring.
// Out-of-band data is not reported: a poll beside every receive would cost each message, and the
// kernel (6.18) answers polls with what woke them, which for a socket is POLLIN | POLLPRI whatever
// arrived.

#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "reactor/engine.h"
#include "reactor/uring_buffers.h"
#include "reactor/uring_ring.h"

namespace bunshin {

namespace {

using Op = UringRing::Op;

/// What a stream may have on its way to the kernel, and what may wait for a handler who parks.
constexpr std::size_t kSendLimit = 128 * 1024;
constexpr std::size_t kKeepLimit = 64 * 1024;
/// How long a closed descriptor goes on sending what it owes to a peer that does not read.
constexpr __kernel_timespec kLingerLimit{5, 0};
constexpr int kMemoryTries = 10;
constexpr auto kMemoryRetry = std::chrono::milliseconds(20);

struct Outgoing {
  std::string data;  // belongs to the kernel until the send completes
  std::size_t sent = 0;
  std::string next;  // sent after it
};

/// Received and not taken by the handler within its round.
struct Kept {
  std::string data;
  std::size_t start = 0;  // what lies before it was taken
};

/// What the next wait() has to hand to the ring for a descriptor, in this order.
enum Step : std::uint8_t {
  kCancelRemoved = 0x01,  // the poll of `removed`
  kCancel = 0x02,         // what is `armed`
  kArm = 0x04,
  kSend = 0x08,
  kCancelSend = 0x10,
  kLinger = 0x20
};

struct Stream {
  Generation generation = 0;  // 0: not ours
  Generation removed = 0;     // had the descriptor before
  Kind kind = Kind::file;
  bool polled = false;  // readiness only, by a poll
  bool level = false;
  bool wanted = false;      // receiving, or accepting
  bool connecting = false;  // a poll tells when that is over
  Op armed = Op::ignored;   // what receives, accepts or polls in the kernel; ignored: nothing
  std::uint8_t steps = 0;   // Step
  bool listed = false;      // in to_do_
  bool holding = false;     // listed in holding_
  bool ended = false;
  bool blocked = false;  // send() took less than it was given
  bool shut = false;     // shut_down() was called
  bool closing = false;
  std::uint8_t interest = 0;  // level
  std::uint16_t pending = 0;  // operations whose last completion is to come
  int error = 0;
  std::uint32_t round = 0;       // in which it was last reported,
  std::uint32_t event = 0;       // and where
  UringBuffers::Chain received;  // by the last wait
  std::unique_ptr<Kept> kept;    // by earlier ones
  std::unique_ptr<Outgoing> out;
  std::unique_ptr<std::deque<int>> accepted;
};

class UringEngine final : public Engine {
 public:
  explicit UringEngine(const EngineOptions& options);
  ~UringEngine() override;

  [[nodiscard]] std::string_view name() const override { return "io_uring"; }
  void add(int fd, Generation generation, Kind kind, Model model, std::uint8_t interest) override;
  void modify(int fd, Generation generation, std::uint8_t interest) override;
  void remove(int fd) noexcept override;
  std::size_t wait(Timeout timeout, std::span<Event> events) override;
  void wake() noexcept override { ring_.wake(); }

  [[nodiscard]] bool serves(Kind kind) const override { return kind != Kind::file; }
  std::string_view receive(int fd, std::size_t limit, IoResult& result) override;
  IoResult send(int fd, std::string_view data) override;
  int accept(int fd, sockaddr* peer, socklen_t* length) override;
  void want(int fd, bool wanted) noexcept override;
  void shut_down(int fd) noexcept override;
  [[nodiscard]] bool owes(int fd) const override { return streams_[index(fd)].out != nullptr; }
  void close(int fd) noexcept override;

 private:
  static std::size_t index(int fd) { return static_cast<std::size_t>(fd); }
  Stream& stream(int fd) { return streams_[index(fd)]; }
  void reset(Stream& stream);
  void later(int fd, Stream& stream, Step step) noexcept;
  void arm_later(int fd, Stream& stream) noexcept {
    if (stream.armed == Op::ignored) later(fd, stream, kArm);
  }
  void hand_over();
  bool take_steps(int fd, Stream& stream);
  bool arm(int fd, Stream& stream);
  bool cancel_armed(int fd, const Stream& stream);
  bool send_rest(int fd, const Stream& stream);
  void start_send(int fd, Stream& stream);
  void keep_untaken();
  void complete(const UringRing::Completion& completion);
  void received(Stream& stream, const UringRing::Completion& completion);
  void accepted(int fd, Stream& stream, int result);
  void sent(int fd, Stream& stream, int result);
  void polled(int fd, Stream& stream, int result);
  void report(int fd, Stream& stream, unsigned bits);
  void finish_close(int fd, Stream& stream);

  UringRing ring_;
  UringBuffers buffers_;
  std::vector<Stream> streams_;  // by descriptor
  std::vector<int> to_do_;       // each once, so that listing needs no memory
  std::vector<int> holding_;     // the same
  std::vector<std::unique_ptr<Outgoing>> spare_;
  std::unique_ptr<Kept> lent_;  // what receive() returned last lies in it
  std::size_t closing_ = 0;
  std::uint32_t round_ = 0;
  std::span<Event> events_;  // of the running wait
  std::size_t filled_ = 0;
};

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
  later(fd, added, kArm);
}

void UringEngine::modify(int fd, Generation, std::uint8_t interest) {
  Stream& changed = stream(fd);
  changed.interest = interest;
  // The completion of what is cancelled arms the new interest.
  later(fd, changed, changed.armed != Op::ignored ? kCancel : kArm);
}

void UringEngine::remove(int fd) noexcept {
  Stream& removed = stream(fd);
  const bool armed = removed.armed != Op::ignored;
  if (armed) removed.removed = removed.generation;
  reset(removed);
  if (armed) later(fd, removed, kCancelRemoved);
}

/// Forgets all but where it is listed and whose poll is to be cancelled.
void UringEngine::reset(Stream& old) {
  Stream fresh;
  fresh.listed = old.listed;
  fresh.holding = old.holding;
  fresh.removed = old.removed;
  fresh.steps = old.steps & kCancelRemoved;
  old = std::move(fresh);
}

// --- What is handed to the ring ---

void UringEngine::later(int fd, Stream& of, Step step) noexcept {
  of.steps |= step;
  if (!std::exchange(of.listed, true)) to_do_.push_back(fd);
}

/// Stops when the ring takes no more: the rest has its turn when it does.
void UringEngine::hand_over() {
  std::size_t done = 0;
  while (done < to_do_.size() && take_steps(to_do_[done], stream(to_do_[done]))) ++done;
  to_do_.erase(to_do_.begin(), to_do_.begin() + static_cast<std::ptrdiff_t>(done));
}

bool UringEngine::take_steps(int fd, Stream& of) {
  const auto take = [&of](Step step, const auto& hand_over) {
    if ((of.steps & step) == 0) return true;
    if (!hand_over()) return false;
    of.steps &= static_cast<std::uint8_t>(~step);
    return true;
  };
  const bool all = take(kCancelRemoved, [&] { return ring_.cancel(Op::poll, fd, of.removed); }) &&
                   take(kCancel, [&] { return cancel_armed(fd, of); }) &&
                   take(kArm, [&] { return arm(fd, of); }) &&
                   take(kSend, [&] { return send_rest(fd, of); }) &&
                   take(kCancelSend, [&] { return ring_.cancel(Op::send, fd, of.generation); }) &&
                   take(kLinger, [&] { return ring_.linger(fd, of.generation, kLingerLimit); });
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
    changed.steps &= static_cast<std::uint8_t>(~kCancel);
    arm_later(fd, changed);
  } else if (changed.armed != Op::ignored) {
    later(fd, changed, kCancel);
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
  if (closed.armed != Op::ignored) later(fd, closed, kCancel);
  if (closed.out) later(fd, closed, kLinger);
}

void UringEngine::finish_close(int fd, Stream& closed) {
  ::close(fd);
  reset(closed);
  --closing_;
}

// --- Operations ---

std::string_view UringEngine::receive(int fd, std::size_t limit, IoResult& result) {
  Stream& from = stream(fd);
  buffers_.give_back_lent();
  lent_.reset();
  std::string_view data;
  if (from.kept) {
    data = std::string_view(from.kept->data).substr(from.kept->start, limit);
    from.kept->start += data.size();
    if (from.kept->start == from.kept->data.size()) lent_ = std::move(from.kept);
  } else if (!from.received.empty()) {
    data = buffers_.take(from.received, limit);
  }
  const bool ends = from.ended || from.error != 0;
  if (from.kept || !from.received.empty() || (ends && !data.empty())) {
    result = {data.size(), IoStatus::done, 0};  // more, or the end, comes with the next call
  } else if (!ends) {
    if (from.wanted) arm_later(fd, from);
    result = {data.size(), IoStatus::exhausted, 0};
  } else {
    result = {0, from.error != 0 ? IoStatus::failed : IoStatus::end_of_file, from.error};
  }
  return data;
}

IoResult UringEngine::send(int fd, std::string_view data) {
  Stream& to = stream(fd);
  if (to.error != 0) return {0, IoStatus::failed, to.error};
  std::size_t taken = 0;
  if (!to.out) {
    if (spare_.empty()) spare_.push_back(std::make_unique<Outgoing>());
    to.out = std::move(spare_.back());
    spare_.pop_back();
    taken = std::min(data.size(), kSendLimit);
    to.out->data.assign(data.substr(0, taken));
    start_send(fd, to);
  } else {
    taken = std::min(data.size(), kSendLimit - std::min(kSendLimit, to.out->next.size()));
    to.out->next.append(data.substr(0, taken));
  }
  to.blocked = taken < data.size();
  return {taken, to.blocked ? IoStatus::exhausted : IoStatus::done, 0};
}

void UringEngine::start_send(int fd, Stream& to) {
  ++to.pending;
  if (!send_rest(fd, to)) later(fd, to, kSend);
}

bool UringEngine::send_rest(int fd, const Stream& to) {
  return ring_.send(fd, to.generation, std::string_view(to.out->data).substr(to.out->sent));
}

void UringEngine::shut_down(int fd) noexcept {
  Stream& ending = stream(fd);
  ending.shut = true;
  if (!ending.out) ::shutdown(fd, SHUT_WR);
}

int UringEngine::accept(int fd, sockaddr* peer, socklen_t* length) {
  Stream& listener = stream(fd);
  if (!listener.accepted || listener.accepted->empty()) {
    const int error = std::exchange(listener.error, 0);
    if (error == 0 && listener.wanted) arm_later(fd, listener);
    errno = error == 0 ? EAGAIN : error;
    return -1;
  }
  const int accepted = listener.accepted->front();
  listener.accepted->pop_front();
  const socklen_t room = *length;
  if (::getpeername(accepted, peer, length) != 0) {  // it has left again already
    *length = room;
    ::getsockname(accepted, peer, length);
  }
  return accepted;
}

// --- Waiting ---

/// Buffers must not stay with handlers who park: they are needed to receive for all others.
void UringEngine::keep_untaken() {
  for (const int fd : holding_) {
    Stream& held = stream(fd);
    held.holding = false;
    if (held.received.empty()) continue;
    if (!held.kept) held.kept = std::make_unique<Kept>();
    while (!held.received.empty()) {
      held.kept->data.append(buffers_.take(held.received, kKeepLimit));
    }
    if (held.kept->data.size() >= kKeepLimit) later(fd, held, kCancel);
  }
  holding_.clear();
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

void UringEngine::complete(const UringRing::Completion& completion) {
  const Op op = completion.op;
  const int fd = completion.fd;
  Stream& of = stream(fd);
  if (of.generation != completion.generation) return;
  if (completion.last() && op != Op::linger) --of.pending;
  if (completion.last() && op == of.armed) of.armed = Op::ignored;
  switch (op) {
    case Op::receive:
      received(of, completion);
      break;
    case Op::accept:
      accepted(fd, of, completion.result);
      break;
    case Op::send:
      sent(fd, of, completion.result);
      break;
    case Op::linger:
      later(fd, of, kCancelSend);
      break;
    default:
      polled(fd, of, completion.result);
      break;
  }
  if (of.closing && of.pending == 0) finish_close(fd, of);
}

void UringEngine::received(Stream& to, const UringRing::Completion& completion) {
  const int fd = completion.fd;
  const int result = completion.result;
  if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
    const auto id = static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
    if (to.closing || result <= 0) {
      buffers_.give_back(id);
    } else {
      buffers_.append(to.received, id, static_cast<std::uint32_t>(result));
    }
  }
  if (to.closing) return;
  if (result > 0 && !std::exchange(to.holding, true)) holding_.push_back(fd);
  if (result == 0) to.ended = true;
  const bool interrupted =
      result == -ENOBUFS || result == -ECANCELED || result == -EINTR || result == -EAGAIN;
  if (result < 0 && !interrupted) to.error = -result;
  // After a cancellation for a full Kept, receive() arms when that has been taken.
  const bool room = result != -ECANCELED || !to.kept;
  if (to.wanted && room) arm_later(fd, to);
  if (!interrupted)
    report(fd, to, result > 0 ? ready::readable : ready::readable | ready::peer_ended);
}

void UringEngine::accepted(int fd, Stream& listener, int result) {
  if (listener.closing) {
    if (result >= 0) ::close(result);
    return;
  }
  if (result >= 0) {
    if (!listener.accepted) listener.accepted = std::make_unique<std::deque<int>>();
    listener.accepted->push_back(result);
  } else if (result != -ECANCELED) {
    listener.error = -result;  // accept() tells, and the one after that tries again
  }
  if (listener.wanted && listener.error == 0) arm_later(fd, listener);
  if (result != -ECANCELED) report(fd, listener, ready::readable);
}

void UringEngine::sent(int fd, Stream& from, int result) {
  Outgoing& out = *from.out;
  if (result >= 0) {
    out.sent += static_cast<std::size_t>(result);
    if (out.sent == out.data.size()) {
      out.data.clear();
      out.sent = 0;
      std::swap(out.data, out.next);
    }
    if (!out.data.empty()) start_send(fd, from);
  } else {
    from.error = -result;
  }
  if (result < 0 || out.data.empty()) {
    out = Outgoing{std::move(out.data), 0, {}};
    out.data.clear();
    constexpr std::size_t kWorthKeeping = 4096;
    if (out.data.capacity() <= kWorthKeeping) spare_.push_back(std::move(from.out));
    from.out.reset();
    if (from.shut) ::shutdown(fd, SHUT_WR);
  }
  if (from.closing) return;
  if (result < 0) return report(fd, from, ready::failed);
  const bool room = !from.out || from.out->next.size() <= kSendLimit / 2;
  if ((from.blocked && room) || (!from.out && from.ended)) {
    from.blocked = false;
    report(fd, from, ready::writable);
  }
}

void UringEngine::polled(int fd, Stream& of, int result) {
  if (of.closing) return;
  const auto mask = static_cast<unsigned>(result);
  // A repeated poll that ends by itself with these has nothing to wait on: a tty that hung up has
  // no queue any more, and every further poll would answer at once.
  const bool dead = result >= 0 && !of.level && (mask & (POLLHUP | POLLERR)) != 0;
  if (!dead && (of.polled || of.wanted)) arm_later(fd, of);
  if (result == -ECANCELED) return;
  static_assert(POLLIN == 0x01 && POLLPRI == 0x02 && POLLOUT == 0x04 && POLLERR == 0x08 &&
                POLLHUP == 0x10 && POLLRDHUP >> 8 == 0x20);
  report(fd, of, result < 0 ? unsigned{ready::failed} : (mask & 0x1f) | (mask >> 8 & 0x20));
}

/// All that one wait finds out about a descriptor is one event.
void UringEngine::report(int fd, Stream& of, unsigned bits) {
  if (of.round != round_) {
    of.round = round_;
    of.event = static_cast<std::uint32_t>(filled_);
    events_[filled_++] = {fd, of.generation, 0};
  }
  events_[of.event].bits |= static_cast<std::uint8_t>(bits);
}

}  // namespace

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
