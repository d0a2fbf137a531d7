#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "handlers/buffered_dispatcher.h"

namespace bunshin {

/// A response that goes on until its connection ends. Lent by its connection to whoever fills
/// it, until `on_gone` was called. In the reactor's thread.
class HttpStream {
 public:
  HttpStream(BufferedDispatcher& connection, std::size_t watermark)
      : connection_(connection), watermark_(watermark) {}
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;

  /// Sends all of `data`. False, and nothing is taken, while more than the watermark waits for a
  /// client that does not read, or when the connection is gone.
  bool send(std::string_view data) { return has_room() && connection_.send(data); }
  /// Whether send() would take something.
  [[nodiscard]] bool has_room() const { return connection_.buffered() < watermark_; }
  /// Bytes that the client has not been given yet.
  [[nodiscard]] std::size_t waiting() const { return connection_.buffered(); }

  std::function<void()> on_drained;  ///< there is room again
  std::function<void()> on_gone;     ///< the connection has ended; the last that is heard of it

 private:
  BufferedDispatcher& connection_;
  const std::size_t watermark_;
};

}  // namespace bunshin
