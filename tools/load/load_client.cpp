#include "tools/load/load_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <system_error>
#include <utility>

#include "reactor/error.h"

namespace bunshin {

LoadClient::LoadClient(LoadGenerator& generator, StreamSocket socket, std::size_t number)
    : Dispatcher(generator.reactor_, std::move(socket)),
      generator_(generator),
      number_(number),
      origin_(number * 7919),  // any step does that spreads them over the pattern
      sent_(generator.options_.depth) {
  push(Clock::now());
}

void LoadClient::begin_loop() {
  allowed_ = std::numeric_limits<std::uint64_t>::max();
  push(Clock::now());
}

void LoadClient::send_planned(TimePoint now) {
  const bool room = allowed_ - answered_ < sent_.size();
  // One that has to wait for answers is late through the server's fault.
  if (room) generator_.record_lateness(now - due(allowed_));
  ++allowed_;
  if (room) push(now);
}

void LoadClient::begin_churn(const SocketAddress& address) {
  churn_ = &address;
  reconnect(Clock::now());
}

TimePoint LoadClient::due(std::uint64_t message) const {
  return generator_.planned_time(number_, message - plan_began_);
}

void LoadClient::push(TimePoint now) {
  const std::size_t size = generator_.options_.size;
  const std::uint64_t end = std::min(allowed_, answered_ + sent_.size()) * size;
  bool full = false;
  while (sent_bytes_ < end && !full) {
    const auto length = std::min<std::uint64_t>(end - sent_bytes_, LoadPattern::kLongest);
    const auto data =
        generator_.pattern_.piece(origin_ + sent_bytes_, static_cast<std::size_t>(length));
    const IoResult result = send(data);
    full = result.bytes < length;
    sent_bytes_ += result.bytes;
    for (; begun_ * size < sent_bytes_; ++begun_) {
      if (churn_ == nullptr) sent_[static_cast<std::size_t>(begun_ % sent_.size())] = now;
    }
  }
  if (full != writing_) {
    writing_ = full;
    want_write(full);
  }
}

void LoadClient::handle_read() {
  const std::string_view data = recv(LoadPattern::kLongest);
  if (data.empty()) return;
  const TimePoint now = Clock::now();
  if (!comes_back_right(data)) {
    return generator_.fail(
        fmt::format("connection {}: what came back is not what was sent (bytes {} to {})", number_,
                    received_bytes_, received_bytes_ + data.size()));
  }
  received_bytes_ += data.size();
  take_answers(now);
}

bool LoadClient::comes_back_right(std::string_view data) const {
  return received_bytes_ + data.size() <= sent_bytes_ &&
         data == generator_.pattern_.piece(origin_ + received_bytes_, data.size());
}

void LoadClient::take_answers(TimePoint now) {
  const std::size_t size = generator_.options_.size;
  while ((answered_ + 1) * size <= received_bytes_) {
    const TimePoint sent = sent_[static_cast<std::size_t>(answered_ % sent_.size())];
    if (answered_ == 0 && churn_ == nullptr) {
      generator_.client_ready();
    } else {
      generator_.record(generator_.options_.rate > 0 ? due(answered_) : sent, sent, now);
    }
    ++answered_;
    if (churn_ != nullptr) return reconnect(now);
  }
  push(now);
}

void LoadClient::reconnect(TimePoint now) {
  disconnect();
  origin_ += generator_.options_.size;
  begun_ = answered_ = sent_bytes_ = received_bytes_ = 0;
  writing_ = false;
  sent_[0] = now;  // the time to connect counts
  try {
    reactor().connect(*this, *churn_);
  } catch (const std::system_error& error) {
    generator_.fail(error.what());
  }
}

void LoadClient::handle_connect_error(int error) {
  generator_.fail(fmt::format("connection {}: cannot connect: {}", number_, error_text(error)));
}

/// Stays open: the generator, which ends by this, still points to it and closes all.
void LoadClient::handle_close() {
  generator_.fail(fmt::format("connection {} ended after {} messages: {}", number_, answered_,
                              error() == 0 ? "the server closed it" : error_text(error())));
}

}  // namespace bunshin
