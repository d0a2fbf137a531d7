// The operations handlers perform on their descriptors: where exhaustion is seen.

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "reactor/error.h"
#include "reactor/log.h"
#include "reactor/reactor.h"
#include "reactor/sockets.h"

namespace bunshin {

namespace {

/// What one accept counts for in a turn's budget.
constexpr std::ptrdiff_t kAcceptBytes = 1024;
/// What an operation that a signal interrupted counts for: one a turn's whole length is not
/// endless.
constexpr std::ptrdiff_t kInterruptedBytes = 1024;
constexpr auto kAcceptRetry = std::chrono::milliseconds(250);
constexpr auto kMemoryRetry = std::chrono::milliseconds(20);
constexpr auto kStarvedLogPeriod = std::chrono::seconds(10);
/// A blocking descriptor that poll(2) calls writable takes this much without blocking (pipe(7)).
constexpr std::size_t kBlockingWrite = 512;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

bool ready_now(int fd, short events) {
  pollfd entry{fd, events, 0};
  const int count = ::poll(&entry, 1, 0);
  if (count == 0) errno = EAGAIN;
  return count > 0;
}

/// accept(2) passes on errors of the connection that was to be accepted; the next may be sound.
bool belongs_to_the_peer(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM:  // Linux: a firewall forbade it
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

bool out_of_memory(int error) { return error == ENOBUFS || error == ENOMEM; }

/// False for what never accepts a connection, whatever is waited for.
bool listens(int fd) {
  int answer = 0;
  socklen_t length = sizeof answer;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &answer, &length) == 0 && answer != 0;
}

}  // namespace

/// No more until the next edge.
void Reactor::exhaust(EventHandler& handler, std::uint8_t bits) {
  if ((handler.flags_ & EventHandler::kAlwaysReady) != 0) return;
  handler.bits_ &= static_cast<std::uint8_t>(~bits);
  if ((handler.flags_ & EventHandler::kRearms) != 0) engine_->rearm(handler.fd_.get(), bits);
}

std::string_view Reactor::recv_otherwise(EventHandler& handler, std::size_t limit) {
  handler.idle_calls_ = 0;
  limit = std::min(limit, scratch_.size());
  if ((handler.flags_ & EventHandler::kEngineServes) == 0) {
    const std::span<char> buffer(scratch_.data(), limit);
    return {scratch_.data(), recv_into(handler, buffer).bytes};
  }
  IoResult ignored;
  return recv_served(handler, limit, ignored);
}

std::string_view Reactor::recv_served(EventHandler& handler, std::size_t limit, IoResult& result) {
  const auto data = engine_->receive(handler.fd_.get(), limit, result);
  turn_left_ -= static_cast<std::ptrdiff_t>(data.size());
  if (result.status == IoStatus::exhausted) exhaust(handler, ready::readable);
  if (result.status == IoStatus::end_of_file) end_of_file(handler);
  if (result.status == IoStatus::failed) fail(handler, result.error);
  return data;
}

IoResult Reactor::recv_into(EventHandler& handler, std::span<char> buffer) {
  handler.idle_calls_ = 0;
  const int fd = handler.fd_.get();
  ssize_t count = 0;
  if ((handler.flags_ & (EventHandler::kFile | EventHandler::kEngineServes)) == 0) {
    count = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  } else if ((handler.flags_ & EventHandler::kEngineServes) != 0) {
    IoResult result;
    const auto data = recv_served(handler, buffer.size(), result);
    std::copy(data.begin(), data.end(), buffer.begin());
    result.bytes = data.size();
    return result;
  } else if ((handler.flags_ & EventHandler::kPollFirst) != 0 && !ready_now(fd, POLLIN)) {
    count = -1;
  } else {
    count = ::read(fd, buffer.data(), buffer.size());
  }
  return received(handler, count, buffer.size());
}

/// What reading `count` of `size` bytes tells.
IoResult Reactor::received(EventHandler& handler, ssize_t count, std::size_t size) {
  handler.idle_calls_ = 0;
  if (count <= 0) return receive_ended(handler, count);
  turn_left_ -= count;
  const auto bytes = static_cast<std::size_t>(count);
  if (bytes == size || (handler.flags_ & EventHandler::kShortIsEmpty) == 0) {
    return {bytes, IoStatus::done, 0};
  }
  exhaust(handler, ready::readable);
  return {bytes, IoStatus::exhausted, 0};
}

IoResult Reactor::receive_ended(EventHandler& handler, ssize_t result) {
  const int error = errno;
  const bool file = (handler.flags_ & EventHandler::kFile) != 0;
  if (result < 0 && error == EINTR) return interrupted();
  if (result < 0 && out_of_memory(error)) return retry_later(handler, error);
  if (result < 0 && would_block(error)) {
    exhaust(handler, ready::readable);
    return {0, IoStatus::exhausted, 0};
  }
  // isatty(3) says no, with EIO, of a tty that hung up.
  if (file && (result == 0 || error == EIO) && (::isatty(handler.fd_.get()) != 0 || errno == EIO)) {
    return read_tty_end(handler, result == 0 ? 0 : error);
  }
  return result == 0 ? end_of_file(handler) : fail(handler, error);
}

/// A tty that gives nothing: hung up, the user's end of file, or nothing at all (VMIN=0).
IoResult Reactor::read_tty_end(EventHandler& handler, int error) {
  const int fd = handler.fd_.get();
  if (error == EIO && is_tty_master(fd)) {
    // Nobody holds the other side now; whoever opens it next makes this side readable again.
    exhaust(handler, ready::readable);
    return {0, IoStatus::exhausted, 0};
  }
  termios settings{};
  if (error != 0 || ::tcgetattr(fd, &settings) != 0) return fail(handler, EIO);
  if ((settings.c_lflag & ICANON) != 0) return end_of_file(handler);
  exhaust(handler, ready::readable);
  return {0, IoStatus::exhausted, 0};
}

IoResult Reactor::end_of_file(EventHandler& handler) {
  handler.flags_ |= EventHandler::kEndOfFile;
  if (&handler != current_) list_ready(handler);
  return {0, IoStatus::end_of_file, 0};
}

IoResult Reactor::fail(EventHandler& handler, int error) {
  handler.flags_ |= EventHandler::kFailed;
  handler.error_ = error;
  if (&handler != current_) list_ready(handler);
  return {0, IoStatus::failed, error};
}

IoResult Reactor::send_otherwise(EventHandler& handler, std::string_view data) {
  using H = EventHandler;
  handler.idle_calls_ = 0;
  const std::uint32_t flags = handler.flags_;
  // Never a write of nothing: on a tty it wakes an edge-triggered loop for ever.
  if (data.empty()) return {};
  if ((flags & H::kFailed) != 0) return {0, IoStatus::failed, handler.error_};
  // Known to be full: no need to ask. (A level-triggered one remembers nothing.)
  const bool full = (handler.bits_ & ready::writable) == 0 && (flags & H::kLevel) == 0;
  if (full || (flags & (H::kConnecting | H::kStarved)) != 0) return {0, IoStatus::exhausted, 0};
  const int fd = handler.fd_.get();
  ssize_t count = 0;
  if ((flags & (H::kFile | H::kEngineServes)) == 0) {
    count = ::send(fd, data.data(), data.size(), kSendFlags);
  } else if ((flags & H::kEngineServes) != 0) {
    const IoResult result = engine_->send(fd, data);
    turn_left_ -= static_cast<std::ptrdiff_t>(result.bytes);
    if (result.status == IoStatus::exhausted) exhaust(handler, ready::writable);
    if (result.status == IoStatus::failed) return fail(handler, result.error);
    return result;
  } else if ((flags & H::kPollFirst) == 0) {
    count = ::write(fd, data.data(), data.size());
  } else if (ready_now(fd, POLLOUT)) {
    count = ::write(fd, data.data(), std::min(data.size(), kBlockingWrite));
  } else {
    count = -1;
  }
  return sent(handler, count, data.size());
}

/// Sending took less than all, or failed.
IoResult Reactor::send_ended(EventHandler& handler, ssize_t count) {
  handler.idle_calls_ = 0;
  if (count < 0) {
    const int error = errno;
    if (error == EINTR) return interrupted();
    if (out_of_memory(error)) return retry_later(handler, error);
    if (!would_block(error)) return fail(handler, error);
    exhaust(handler, ready::writable);
    return {0, IoStatus::exhausted, 0};
  }
  if (count == 0) return retry_later(handler, 0);
  turn_left_ -= count;
  const auto bytes = static_cast<std::size_t>(count);
  // A TCP socket that took a part is full. For others a part means nothing: ask again.
  if ((handler.flags_ & EventHandler::kShortIsEmpty) == 0) return {bytes, IoStatus::done, 0};
  exhaust(handler, ready::writable);
  return {bytes, IoStatus::exhausted, 0};
}

/// To be asked again, but not for ever within one turn.
IoResult Reactor::interrupted() {
  turn_left_ -= kInterruptedBytes;
  return {};
}

/// The kernel lacks memory, or took nothing and did not say why. Asking again at once might not
/// end, and no engine will tell when it is worth it: the descriptor was ready all the time.
IoResult Reactor::retry_later(EventHandler& handler, int error) {
  if (error != 0) tell_starved("cannot send or receive", error);
  starve(handler, kMemoryRetry);
  return {0, IoStatus::exhausted, 0};
}

bool Reactor::shut_down_sending(EventHandler& handler) {
  if ((handler.flags_ & EventHandler::kFile) != 0) return false;
  if ((handler.flags_ & EventHandler::kEngineServes) != 0) {
    engine_->shut_down(handler.fd_.get());
    return true;
  }
  ::shutdown(handler.fd_.get(), SHUT_WR);  // ENOTCONN: the peer was quicker, nothing is left to end
  return true;
}

Accepted Reactor::accept(EventHandler& handler) {
  handler.idle_calls_ = 0;
  turn_left_ -= kAcceptBytes;
  Accepted accepted;
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  auto* address = reinterpret_cast<sockaddr*>(&peer);
  const int listener = handler.fd_.get();
  const int fd = (handler.flags_ & EventHandler::kEngineServes) != 0
                     ? engine_->accept(listener, address, &length)
                     : accept_nonblocking(listener, address, &length);
  const int error = errno;
  if (fd >= 0) {
    accepted.socket.fd.reset(fd);
    accepted.socket.kind = peer.ss_family == AF_UNIX ? Kind::unix_stream : Kind::inet_stream;
    accepted.peer = SocketAddress(address, length);
    return accepted;
  }
  accepted.status = accept_failed(handler, error);
  return accepted;
}

IoStatus Reactor::accept_failed(EventHandler& handler, int error) {
  if (would_block(error)) {
    exhaust(handler, ready::readable);
    return IoStatus::exhausted;
  }
  if (error == EPERM) tell_starved("cannot accept", error);  // a rule of this machine's
  if (belongs_to_the_peer(error) && turn_left_ > 0) return IoStatus::exhausted;
  if (!listens(handler.fd_.get())) return fail(handler, error).status;
  ++stats_.starved;
  starve(handler, kAcceptRetry);
  tell_starved("cannot accept", error);
  return IoStatus::exhausted;
}

void Reactor::tell_starved(std::string_view what, int error) {
  if (starved_logged_ != TimePoint{} && now() - starved_logged_ < kStarvedLogPeriod) return;
  starved_logged_ = now();
  log(LogLevel::warning, "{}: {}; those who wait are served when it is possible again", what,
      error_text(error));
}

/// Neither exhausted nor progress: what waits in the kernel stays there until the next try.
void Reactor::starve(EventHandler& handler, Duration delay) {
  handler.flags_ |= EventHandler::kStarved;
  park(handler);
  starved_until_ = std::min(starved_until_, now() + delay);
}

void Reactor::connect(EventHandler& handler, const SocketAddress& address, Model model) {
  UniqueFd fd = make_stream_socket(address.family());
  const Kind kind = address.is_internet() ? Kind::inet_stream : Kind::unix_stream;
  set_no_delay(fd.get());
  const bool at_once = ::connect(fd.get(), address.data(), address.size()) == 0;
  // EAGAIN: the backlog of a unix listener is full. It is not in progress, it has failed.
  if (!at_once && errno != EINPROGRESS && errno != EINTR) {
    throw_error(errno, "cannot connect to " + address.to_string());
  }
  enroll(handler, std::move(fd), kind, model, EventHandler::kConnecting);
  if (!at_once) return;
  handler.bits_ = ready::writable;
  list_ready(handler);
}

void Reactor::add_connected(EventHandler& handler, StreamSocket socket) {
  enroll(handler, std::move(socket.fd), socket.kind, Model::remembered, 0);
  handler.flags_ |= EventHandler::kConnecting;  // its turn finds that the connection stands
  list_ready(handler);
}

}  // namespace bunshin
