#include "bridge/raw_bridge.h"

#include <memory>
#include <utility>

#include "reactor/log.h"
#include "reactor/printable.h"

namespace bunshin {
namespace {

constexpr std::size_t kReadSize = 4096;  // so much the line may have to keep above its watermark

RawSerial& open_line(Reactor& reactor, const std::string& device, int baud) {
  auto line = std::make_unique<RawSerial>(reactor, device, baud);
  line->open();
  return reactor.adopt(std::move(line));
}

}  // namespace

void RawSerial::handle_received(std::string_view bytes) {
  log(LogLevel::debug, "the serial line says {}", printable(bytes));
  if (peer_ != nullptr && peer_->connected()) peer_->send(bytes);
}

RawBridge::RawBridge(Reactor& reactor, Endpoint endpoint, const std::string& device, int baud,
                     RawDirection direction, Backoff::Limits retry)
    : ReconnectingClient(reactor, std::move(endpoint), "Julius", retry),
      line_(open_line(reactor, device, baud)) {
  if (direction == RawDirection::both_ways) line_.answer(this);
}

void RawBridge::handle_read() {
  const std::string_view bytes = recv(kReadSize);
  if (bytes.empty()) return;
  carried_ += bytes.size();
  line_.send(bytes);
}

void RawBridge::handle_drained() {
  if (!finishing()) line_.hold_answers(false);
}

/// From here on each side sends what it has, and ends when it likes.
void RawBridge::handle_finish() {
  line_.answer(nullptr);
  line_.hold_answers(false);
  ReconnectingClient::handle_finish();
}

}  // namespace bunshin
