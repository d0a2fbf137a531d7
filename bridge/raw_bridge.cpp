#include "bridge/raw_bridge.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "reactor/log.h"
#include "reactor/printable.h"

namespace bunshin {
namespace {

constexpr std::size_t kReadSize = 4096;  // so much the line may have to keep above its watermark
/// A robot answers within some ten milliseconds, a slow device within some hundred.
constexpr Duration kSilence = std::chrono::seconds(1);
constexpr Duration kLongestLinger = std::chrono::minutes(1);

RawSerial& open_line(Reactor& reactor, const SerialConfig& config, AtStart at_start) {
  auto line = std::make_unique<RawSerial>(reactor, config);
  line->begin(at_start);
  return reactor.adopt(std::move(line));
}

}  // namespace

void RawSerial::handle_received(std::string_view bytes) {
  log(LogLevel::debug, "the serial line says {}", printable(bytes));
  if (peer_ != nullptr) peer_->carry_back(bytes);
}

RawBridge::RawBridge(Reactor& reactor, Endpoint endpoint, const SerialConfig& line,
                     RawDirection direction, Backoff::Limits retry, AtStart at_start)
    : ReconnectingClient(reactor, std::move(endpoint), "Julius", retry),
      line_(open_line(reactor, line, at_start)),
      direction_(direction) {
  if (direction == RawDirection::both_ways) line_.answer(this);
}

void RawBridge::configure(const BridgeConfig& config) {
  if (finishing()) return;
  use(Endpoint::parse(config.julius.address));
  line_.use(config.serial);
}

std::vector<std::string> RawBridge::status() const {
  if (finishing()) return {"ending"};
  return {fmt::format("the peer at {}: {}, {} bytes carried to the line", endpoint().to_string(),
                      connected() ? "connected" : "away", carried_),
          line_.status()};
}

void RawBridge::handle_read() {
  const std::string_view bytes = recv(kReadSize);
  if (!bytes.empty()) brought_something();
  if (ended() && direction_ == RawDirection::both_ways) linger();
  if (bytes.empty()) return;
  carried_ += bytes.size();
  line_.send(bytes);
}

void RawBridge::carry_back(std::string_view bytes) {
  if (!connected()) return;
  send(bytes);
  if (lingering_) wait_for_silence();
}

void RawBridge::linger() {
  lingering_ = true;
  linger_until_ = reactor().now() + kLongestLinger;
  wait_for_silence();
}

void RawBridge::wait_for_silence() {
  silence_timer_.arm(std::min<Duration>(kSilence, linger_until_ - reactor().now()));
}

void RawBridge::silent() {
  const bool moving = buffered() > 0 || !line_.all_sent();
  if (moving && reactor().now() < linger_until_) return wait_for_silence();
  handle_close();
}

void RawBridge::handle_disconnected() {
  lingering_ = false;
  silence_timer_.cancel();
  line_.hold_answers(false);
}

void RawBridge::handle_drained() {
  if (!finishing()) line_.hold_answers(false);
}

/// From here on each side sends what it has, and ends when it likes.
void RawBridge::handle_finish() {
  lingering_ = false;
  silence_timer_.cancel();
  line_.answer(nullptr);
  line_.hold_answers(false);
  ReconnectingClient::handle_finish();
}

}  // namespace bunshin
