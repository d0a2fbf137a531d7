// The operations handlers perform on their descriptors: where exhaustion is seen.

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "reactor/broken.h"
#include "reactor/error.h"
#include "reactor/host.h"
#include "reactor/log.h"
#include "reactor/reactor.h"
#include "reactor/sockets.h"
#include "reactor/watching.h"

namespace bunshin {

namespace {

/// What one accept counts for in a turn's budget.
constexpr std::ptrdiff_t kAcceptBytes = 1024;
/// What an operation that a signal interrupted counts for: one a turn's whole length is not
/// endless.
constexpr std::ptrdiff_t kInterruptedBytes = 1024;
constexpr auto kAcceptRetry = std::chrono::milliseconds(250);
constexpr auto kMemoryRetry = std::chrono::milliseconds(20);

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

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

}  // namespace

/// No more until the next edge.
void Reactor::exhaust(EventHandler& handler, std::uint8_t bits) {
  handler.bits_ &= static_cast<std::uint8_t>(~bits);
  if ((handler.flags_ & EventHandler::kRearms) != 0 && !broken("rearm"))
    engine_->rearm(handler.fd_.get(), bits);
}

/// What an operation of `size` bytes tells: the one place where a result changes what is known of
/// a descriptor. `bit`: readable or writable. Returns what its handler is told.
IoResult Reactor::settle(EventHandler& handler, std::uint8_t bit, IoResult result,
                         std::size_t size) {
  handler.idle_calls_ = 0;
  turn_left_ -= static_cast<std::ptrdiff_t>(result.bytes);
  switch (result.status) {
    case IoStatus::done:
      // Interrupted: to be asked again, but not for ever within one turn.
      if (result.bytes == 0) turn_left_ -= kInterruptedBytes;
      if (result.bytes == 0 && broken("trap12")) return fail(handler, EINTR);
      if (broken("read_once") && bit == ready::readable && result.bytes > 0) {
        exhaust(handler, bit);
        return {result.bytes, IoStatus::exhausted, 0};
      }
      // A TCP socket that gave or took a part is exhausted. For others a part means nothing.
      if (result.bytes == 0 || result.bytes == size ||
          (handler.flags_ & EventHandler::kShortIsEmpty) == 0) {
        break;
      }
      exhaust(handler, bit);
      return {result.bytes, IoStatus::exhausted, 0};
    case IoStatus::exhausted:
      exhaust(handler, bit);
      break;
    case IoStatus::end_of_file:
      handler.flags_ |= EventHandler::kEndOfFile;
      if (&handler != current_) list_ready(handler);
      break;
    case IoStatus::failed:
      return fail(handler, result.error);
    case IoStatus::later:
      if (result.error != 0) tell_starved("cannot send or receive", result.error);
      if (broken("no_memory")) return fail(handler, result.error);
      starve(handler, kMemoryRetry);
      return {0, IoStatus::exhausted, 0};
  }
  return result;
}

IoResult Reactor::fail(EventHandler& handler, int error) {
  handler.flags_ |= EventHandler::kFailed;
  handler.error_ = error;
  if (&handler != current_) list_ready(handler);
  return {0, IoStatus::failed, error};
}

std::string_view Reactor::recv_otherwise(EventHandler& handler, std::size_t limit) {
  IoResult result;
  const auto data = medium(handler).receive(handler.fd_.get(), {scratch_.data(), limit}, result);
  result = settle(handler, ready::readable, result, limit);
  tell(&Observer::did, handler, Operation::receive, limit, result);
  return data;
}

IoResult Reactor::recv_into(EventHandler& handler, std::span<char> buffer) {
  IoResult result;
  const auto data = medium(handler).receive(handler.fd_.get(), buffer, result);
  if (data.data() != buffer.data()) std::copy(data.begin(), data.end(), buffer.begin());
  result = settle(handler, ready::readable, result, buffer.size());
  tell(&Observer::did, handler, Operation::receive, buffer.size(), result);
  return result;
}

/// Calls `send`, the medium's, when it is worth trying to send `size` bytes.
template <typename Send>
IoResult Reactor::send_by(EventHandler& handler, std::size_t size, const Send& send) {
  using H = EventHandler;
  if (size > 0) handler.idle_calls_ = 0;
  const std::uint32_t flags = handler.flags_;
  if ((flags & H::kFailed) != 0) return {0, IoStatus::failed, handler.error_};
  // Known to be full: no need to ask. (A level-triggered one remembers nothing.)
  const bool full = (handler.bits_ & ready::writable) == 0 && (flags & H::kLevel) == 0;
  if (full || (flags & (H::kConnecting | H::kStarved)) != 0) return {0, IoStatus::exhausted, 0};
  const IoResult result =
      settle(handler, ready::writable, send(medium(handler), handler.fd_.get()), size);
  tell(&Observer::did, handler, Operation::send, size, result);
  return result;
}

IoResult Reactor::send_otherwise(EventHandler& handler, std::string_view data) {
  // Never a write of nothing: on a tty it wakes an edge-triggered loop for ever. Nor does it count
  // as doing something.
  if (data.empty() && !broken("trap15")) return {};
  return send_by(handler, data.size(),
                 [data](Medium& medium, int fd) { return medium.send(fd, data); });
}

IoResult Reactor::send(EventHandler& handler, std::span<const SharedText> texts,
                       std::size_t start) {
  texts = texts.first(std::min(texts.size(), medium(handler).most_texts()));
  std::size_t size = 0;
  for (const SharedText& text : texts) size += text->size();
  return send_by(handler, size - start, [texts, start](Medium& medium, int fd) {
    return medium.send_texts(fd, texts, start);
  });
}

void Reactor::cork(EventHandler& handler) {
  using H = EventHandler;
  // Level-triggered: what is not wanted just now would be a system call, and another soon.
  if ((handler.flags_ & H::kLevel) != 0) return handler.want_write(true);
  if ((handler.flags_ & H::kCorked) == 0) {
    corked_.push_back(&handler);
  } else if (broken("cork")) {
    return;
  }
  handler.flags_ |= H::kWantWrite | H::kCorked;
}

bool Reactor::shut_down_sending(EventHandler& handler) {
  return medium(handler).shut_down(handler.fd_.get());
}

Accepted Reactor::accept(EventHandler& handler) {
  handler.idle_calls_ = 0;
  turn_left_ -= kAcceptBytes;
  Accepted accepted;
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  auto* address = reinterpret_cast<sockaddr*>(&peer);
  const int listener = handler.fd_.get();
  const int fd = medium(handler).accept(listener, address, &length);
  const int error = errno;
  if (fd >= 0) {
    accepted.socket.fd.reset(fd);
    accepted.peer = SocketAddress(address, length);
    accepted.socket.kind = stream_kind(accepted.peer);
    if (broken("queue")) exhaust(handler, ready::readable);
  } else {
    accepted.status = accept_failed(handler, error);
  }
  tell(&Observer::did, handler, Operation::accept, std::size_t{1},
       IoResult{accepted ? 1U : 0U, accepted.status, accepted ? 0 : error});
  return accepted;
}

IoStatus Reactor::accept_failed(EventHandler& handler, int error) {
  if (would_block(error)) {
    exhaust(handler, ready::readable);
    return IoStatus::exhausted;
  }
  if (error == EPERM) tell_starved("cannot accept", error);  // a rule of this machine's
  if (belongs_to_the_peer(error) && turn_left_ > 0) return IoStatus::exhausted;
  if (!host_.listens(handler.fd_.get())) return fail(handler, error).status;
  ++stats_.starved;
  if (broken("trap03")) {
    exhaust(handler, ready::readable);
    return IoStatus::exhausted;
  }
  starve(handler, kAcceptRetry);
  tell_starved("cannot accept", error);
  return IoStatus::exhausted;
}

void Reactor::tell_starved(std::string_view what, int error) {
  if (!starvation_.is_news(now())) return;
  log(LogLevel::warning, "{}: {}; those who wait are served when it is possible again", what,
      error_text(error));
}

/// Neither exhausted nor progress: what waits in the kernel stays there until the next try.
void Reactor::starve(EventHandler& handler, Duration delay) {
  handler.flags_ |= EventHandler::kStarved;
  park(handler);
  starvation_.begin(now() + delay);
  tell(&Observer::starved, handler, delay);
}

void Reactor::connect(EventHandler& handler, const SocketAddress& address, Model model) {
  UniqueFd fd = host_.make_stream_socket(address.family());
  if (!broken("trap13")) host_.set_option(fd.get(), SocketOption::no_delay);
  const int error = host_.connect(fd.get(), address);
  // EAGAIN: the backlog of a unix listener is full. It is not in progress, it has failed.
  if (error != 0 && error != EINPROGRESS && error != EINTR) {
    throw_error(error, "cannot connect to " + address.to_string());
  }
  enroll(handler, std::move(fd), stream_kind(address), model, Sort::stream,
         EventHandler::kConnecting);
  if (error != 0) return;
  handler.bits_ = ready::writable;
  list_ready(handler);
}

void Reactor::add_connected(EventHandler& handler, StreamSocket socket) {
  enroll(handler, std::move(socket.fd), socket.kind, Model::remembered, Sort::stream);
  handler.flags_ |= EventHandler::kConnecting;  // its turn finds that the connection stands
  list_ready(handler);
}

}  // namespace bunshin
