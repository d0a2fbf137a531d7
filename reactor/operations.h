#pragma once

// Included by reactor/reactor.h: what every message passes through. Inline, because calls and their
// frames would be a third of all instructions between the kernel's answer and the next question.

#include <algorithm>

#include "reactor/reactor.h"

namespace bunshin {

inline std::string_view Reactor::recv(EventHandler& handler, std::size_t limit) {
  using H = EventHandler;
  char* const buffer = scratch_.data();
  const std::size_t size = std::min(limit, options_.scratch_bytes);
  if ((handler.flags_ & (H::kOtherwise | H::kObserved)) != 0) [[unlikely]]
    return recv_otherwise(handler, size);
  const ssize_t count = ::recv(handler.fd_.get(), buffer, size, MSG_DONTWAIT);
  const auto bytes = static_cast<std::size_t>(count);
  if (count > 0 && bytes < size && (handler.flags_ & H::kQuick) != 0) [[likely]] {
    handler.bits_ &= static_cast<std::uint8_t>(~ready::readable);
    return {buffer, bytes};
  }
  return {buffer, settle(handler, ready::readable, Medium::received(count), size).bytes};
}

inline IoResult Reactor::send(EventHandler& handler, std::string_view data) {
  using H = EventHandler;
  constexpr auto kUnusual =
      H::kOtherwise | H::kNoWriting | H::kConnecting | H::kLevel | H::kObserved;
  if ((handler.flags_ & kUnusual) != 0 || (handler.bits_ & ready::writable) == 0 || data.empty())
      [[unlikely]] {
    return send_otherwise(handler, data);
  }
  const ssize_t count = ::send(handler.fd_.get(), data.data(), data.size(), kSendFlags);
  if (count != static_cast<ssize_t>(data.size())) [[unlikely]]
    return settle(handler, ready::writable, Medium::sent(count), data.size());
  handler.idle_calls_ = 0;
  turn_left_ -= count;
  return {data.size(), IoStatus::done, 0};
}

}  // namespace bunshin
