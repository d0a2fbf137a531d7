// UringEngine: what handlers do with their descriptors, and what becomes of it.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <memory>
#include <new>
#include <utility>

#include "reactor/uring_engine.h"

namespace bunshin {

namespace {

/// What accept(2) says until something is closed.
bool is_lack(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/// The kernel could not just now.
bool may_pass(int result) {
  return result == -EINTR || result == -EAGAIN || result == -ENOBUFS || result == -ENOMEM;
}

}  // namespace

// --- Operations ---

std::string_view UringEngine::receive(int fd, std::span<char> room, IoResult& result) {
  const std::size_t limit = room.size();
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

/// With room in spare_ for all there are, so that giving one back needs no memory.
void UringEngine::make_spare() {
  if (spare_.capacity() <= made_) spare_.reserve(2 * made_ + 8);
  spare_.push_back(std::make_unique<UringOutgoing>());
  ++made_;
}

IoResult UringEngine::send(int fd, std::string_view data) {
  Stream& to = stream(fd);
  if (to.error != 0) return {0, IoStatus::failed, to.error};
  const auto add = [&](UringOutgoing& out) { return out.add(data, buffers_); };
  const std::size_t taken = to.out ? add(*to.out) : begin_send(fd, to, add);
  to.blocked = taken < data.size();
  return {taken, to.blocked ? IoStatus::exhausted : IoStatus::done, 0};
}

/// While something is on its way the texts stay with those who keep them for others, too.
IoResult UringEngine::send_texts(int fd, std::span<const SharedText> texts, std::size_t start) {
  Stream& to = stream(fd);
  if (to.error != 0) return {0, IoStatus::failed, to.error};
  std::size_t size = 0;
  for (const SharedText& text : texts) size += text->size();
  std::size_t taken = 0;
  if (!to.out) {
    taken = begin_send(fd, to, [&](UringOutgoing& out) { return out.add_texts(texts, start); });
  }
  to.blocked = start + taken < size;
  return {taken, to.blocked ? IoStatus::exhausted : IoStatus::done, 0};
}

/// `add` fills a new one. When that throws, nothing was taken.
template <typename Add>
std::size_t UringEngine::begin_send(int fd, Stream& to, const Add& add) {
  if (spare_.empty()) make_spare();
  const std::size_t taken = add(*spare_.back());
  to.out = std::move(spare_.back());
  spare_.pop_back();
  start_send(fd, to);
  return taken;
}

void UringEngine::start_send(int fd, Stream& to) {
  ++to.pending;
  if (!send_rest(fd, to)) later(fd, to, Step::send_more);
}

bool UringEngine::send_rest(int fd, const Stream& to) {
  return ring_.send(fd, to.generation, to.out->front());
}

bool UringEngine::shut_down(int fd) noexcept {
  Stream& ending = stream(fd);
  ending.shut = true;
  if (!ending.out) ::shutdown(fd, SHUT_WR);
  return true;
}

int UringEngine::accept(int fd, sockaddr* peer, socklen_t* length) noexcept {
  Stream& listener = stream(fd);
  if (!listener.accepted || listener.accepted->empty()) {
    const int error = std::exchange(listener.error, 0);
    // For what is lacking the reactor waits; the others might come without end.
    if (error != 0 && !is_lack(error)) after_pause(fd, listener, Step::arm);
    if (error == 0 && listener.wanted && listener.after_pause == 0) arm_later(fd, listener);
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

// --- Completions ---

void UringEngine::complete(const UringRing::Completion& completion) {
  const Op op = completion.op;
  const int fd = completion.fd;
  Stream& of = stream(fd);
  if (of.generation != completion.generation) return;
  if (completion.last() && op != Op::linger && op != Op::pause) --of.pending;
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
      of.overdue = true;
      later(fd, of, Step::cancel_send);
      break;
    case Op::pause:
      later(fd, of, static_cast<Step::Bit>(std::exchange(of.after_pause, std::uint8_t{0})));
      break;
    default:
      polled(fd, of, completion.result);
      break;
  }
  if (of.closing && of.pending == 0) finish_close(fd, of);
}

/// What failed with `error` is tried again.
void UringEngine::lacks(int fd, Stream& of, Step::Bit step, int error) noexcept {
  tell_lack(error);
  after_pause(fd, of, step);
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
  const bool interrupted = result == -ECANCELED || may_pass(result);
  if (result < 0 && !interrupted) to.error = -result;
  // No buffer is free (ENOBUFS): there will be with the next wait.
  if (may_pass(result) && result != -ENOBUFS) return lacks(fd, to, Step::arm, -result);
  // After a cancellation for a full Kept, receive() arms when that has been taken.
  const bool room = result != -ECANCELED || !to.kept;
  if (to.wanted && room) arm_later(fd, to);
  if (!interrupted)
    report(fd, to, result > 0 ? ready::readable : ready::readable | ready::peer_ended);
}

/// Without memory the connection is lost, and accept() tells.
void UringEngine::keep_accepted(Stream& listener, int fd) {
  try {
    if (!listener.accepted) listener.accepted = std::make_unique<std::deque<int>>();
    listener.accepted->push_back(fd);
  } catch (const std::bad_alloc&) {
    ::close(fd);
    listener.error = ENOMEM;
  }
}

void UringEngine::accepted(int fd, Stream& listener, int result) {
  if (listener.closing) {
    if (result >= 0) ::close(result);
    return;
  }
  if (result >= 0) {
    keep_accepted(listener, result);
  } else if (result != -ECANCELED) {
    listener.error = -result;  // accept() tells, and the one after that tries again
  }
  if (listener.wanted && listener.error == 0) arm_later(fd, listener);
  if (result != -ECANCELED) report(fd, listener, ready::readable);
}

/// Nothing is owed any more, or nothing can be sent.
void UringEngine::send_ended(int fd, Stream& from) noexcept {
  from.out->finish(buffers_);
  spare_.push_back(std::move(from.out));
  if (from.shut) ::shutdown(fd, SHUT_WR);
}

void UringEngine::sent(int fd, Stream& from, int result) {
  if (may_pass(result) && !from.overdue) {
    ++from.pending;  // as long as it is to be tried again
    return lacks(fd, from, Step::send_more, -result);
  }
  if (result < 0) {
    from.error = -result;
    send_ended(fd, from);
    if (!from.closing) report(fd, from, ready::failed);
    return;
  }
  from.out->sent(static_cast<std::size_t>(result), buffers_);
  if (from.out->front().empty()) {
    send_ended(fd, from);
  } else {
    start_send(fd, from);
  }
  if (from.closing) return;
  const bool room = !from.out || from.out->has_room();
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
  if (result < 0 && result != -ECANCELED) {
    lacks(fd, of, Step::arm, -result);
  } else if (!dead && (of.polled || of.wanted)) {
    arm_later(fd, of);
  }
  if (result == -ECANCELED) return;
  // As long as nobody can tell, an operation has to.
  if (may_pass(result)) return report(fd, of, ready::readable | ready::writable);
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

}  // namespace bunshin
