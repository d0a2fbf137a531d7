#pragma once

// Included by reactor/reactor.h: what every message passes through. Inline, because calls and their
// frames would be a third of all instructions between the kernel's answer and the next question.

#include <algorithm>

#include "reactor/reactor.h"

namespace bunshin {

#ifdef MSG_NOSIGNAL
inline constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
inline constexpr int kSendFlags = MSG_DONTWAIT;  // macOS: SO_NOSIGPIPE, set by Reactor
#endif

/// What sending `count` of `size` bytes tells.
inline IoResult Reactor::sent(EventHandler& handler, ssize_t count, std::size_t size) {
  if (count != static_cast<ssize_t>(size)) [[unlikely]]
    return send_ended(handler, count);
  handler.idle_calls_ = 0;
  turn_left_ -= count;
  return {size, IoStatus::done, 0};
}

inline std::string_view Reactor::recv(EventHandler& handler, std::size_t limit) {
  using H = EventHandler;
  constexpr auto kOtherwise = H::kFile | H::kEngineServes | H::kRearms;
  if ((handler.flags_ & kOtherwise) != 0) [[unlikely]]
    return recv_otherwise(handler, limit);
  char* const buffer = scratch_.data();
  const std::size_t size = std::min(limit, options_.scratch_bytes);
  const ssize_t count = ::recv(handler.fd_.get(), buffer, size, MSG_DONTWAIT);
  const auto bytes = static_cast<std::size_t>(count);
  if (count > 0 && bytes < size && (handler.flags_ & H::kShortIsEmpty) != 0) [[likely]] {
    handler.bits_ &= static_cast<std::uint8_t>(~ready::readable);
    return {buffer, bytes};
  }
  return {buffer, received(handler, count, size).bytes};
}

inline IoResult Reactor::send(EventHandler& handler, std::string_view data) {
  using H = EventHandler;
  constexpr auto kOtherwise =
      H::kFile | H::kEngineServes | H::kFailed | H::kConnecting | H::kLevel | H::kStarved;
  if ((handler.flags_ & kOtherwise) != 0 || (handler.bits_ & ready::writable) == 0 || data.empty())
      [[unlikely]] {
    return send_otherwise(handler, data);
  }
  const ssize_t count = ::send(handler.fd_.get(), data.data(), data.size(), kSendFlags);
  return sent(handler, count, data.size());
}

}  // namespace bunshin
