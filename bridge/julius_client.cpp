#include "bridge/julius_client.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "reactor/log.h"
#include "reactor/printable.h"

namespace bunshin {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;
constexpr std::size_t kMaxCommands = 64;
/// Several commands (PAUSE while nobody speaks, unknown ones) are never answered.
constexpr auto kAnswerTime = std::chrono::milliseconds(200);

/// Whether the engine says this when it was asked, not because somebody spoke.
bool is_answer(JuliusKind kind) {
  switch (kind) {
    case JuliusKind::empty:
    case JuliusKind::plain_text:
    case JuliusKind::startproc:
    case JuliusKind::stopproc:
    case JuliusKind::sysinfo:
    case JuliusKind::engineinfo:
    case JuliusKind::graminfo:
    case JuliusKind::grammar:
    case JuliusKind::recogprocess:
      return true;
    default:
      return false;
  }
}

}  // namespace

JuliusClient::JuliusClient(Reactor& reactor, Endpoint endpoint, const std::string& encoding,
                           Backoff::Limits retry, Patience patience)
    : ReconnectingClient(reactor, std::move(endpoint), "Julius", retry),
      decoder_(std::make_unique<TextDecoder>(encoding)),
      patience_(patience),
      encoding_(encoding) {}

void JuliusClient::handle_connect() {
  silence_timer_.arm(patience_.before_resume);
  ReconnectingClient::handle_connect();
}

void JuliusClient::set_encoding(const std::string& encoding) {
  decoder_ = std::make_unique<TextDecoder>(encoding);
  encoding_ = encoding;
  told_loss_ = false;
}

void JuliusClient::handle_read() {
  const std::string_view bytes = recv(kReadSize);
  framer_.feed(bytes);
  const JuliusBytes said{bytes, framer_.first_end(), framer_.between_blocks()};
  while (auto block = framer_.next()) {
    take(*block);
    if (!connected()) return;  // closed or disconnected by whoever got the message
  }
  if (!bytes.empty()) handle_bytes(said);
}

void JuliusClient::take(const BlockFramer::Block& block) {
  if (block.oversized) return skip("it is too long");
  const TextDecoder::Result text = decoder_->decode(block.bytes);
  const JuliusParse parse = parse_julius_block(text.text);
  if (!parse.ok()) return skip(parse.error);
  if (!parse.spoilt.empty()) {
    damage(fmt::format("the rest of its hypotheses is left out: {}", parse.spoilt));
  } else if (text.replaced > 0) {
    damage(fmt::format("{} bytes are not {} (julius.encoding): what is its dictionary written in?",
                       text.replaced, encoding_));
  }
  brought_something();
  follow(parse.message.kind);
  if (is_answer(parse.message.kind)) command_done();
  handle_message(parse.message);
}

/// Says whether the engine listens.
void JuliusClient::follow(JuliusKind kind) {
  silence_timer_.cancel();
  tell_connected();
  spoken_ = true;
  if (kind == JuliusKind::stopproc) {
    asleep_ = true;
    own_sleep_ = muted_;
    log(own_sleep_ ? LogLevel::debug : LogLevel::info,
        "Julius has stopped listening (STOPPROC): a client has said PAUSE or TERMINATE, and may "
        "say "
        "RESUME");
  } else if (kind == JuliusKind::startproc && std::exchange(asleep_, false)) {
    log(own_sleep_ ? LogLevel::debug : LogLevel::info, "Julius listens again (STARTPROC)");
  }
}

std::string_view JuliusClient::state_text() const {
  if (!connected()) return "away";
  if (!spoken_) return "connected and silent";
  return asleep_ ? "asleep" : "connected";
}

void JuliusClient::silent() {
  if (!std::exchange(woken_, true)) {
    log(LogLevel::info, "Julius has not said a word: RESUME is sent, for it may be paused");
    command(JuliusVerb::resume);
    silence_timer_.arm(patience_.after_resume);
    return;
  }
  log(LogLevel::warning,
      "Julius at {} takes the connection and says nothing, not even to RESUME: it serves another "
      "client (one at a time), or was told to DIE, or has no audio source. End the other client, "
      "or "
      "start it again and read what it prints",
      endpoint().to_string());
}

void JuliusClient::skip(std::string_view reason) {
  ++skipped_;
  tell_loss("was skipped", reason);
}

void JuliusClient::damage(std::string_view reason) {
  ++damaged_;
  tell_loss("is damaged", reason);
}

/// Once a connection, for a wrong encoding makes every message one of these.
void JuliusClient::tell_loss(std::string_view what, std::string_view reason) {
  const auto level = std::exchange(told_loss_, true) ? LogLevel::debug : LogLevel::info;
  log(level, "a message of Julius {}: {}", what, printable(reason));
}

void JuliusClient::handle_disconnected() {
  framer_.reset();
  told_loss_ = false;
  commands_.clear();
  answer_timer_.cancel();
  silence_timer_.cancel();
  spoken_ = woken_ = asleep_ = muted_ = false;
}

void JuliusClient::mute() {
  if (muted_ || !connected()) return;
  muted_ = command(JuliusVerb::terminate);
}

void JuliusClient::unmute() {
  if (muted_ && command(JuliusVerb::resume)) muted_ = false;
}

/// What waits is not waited for: the engine reads all of it before the end.
void JuliusClient::handle_finish() {
  if (muted_ && connected()) send(JuliusRequest{JuliusVerb::resume, {}, {}}.text());
  ReconnectingClient::handle_finish();
}

bool JuliusClient::command(const JuliusRequest& request) {
  std::string text = request.text();
  text.pop_back();
  return command(std::move(text));
}

bool JuliusClient::command(std::string lines) {
  if (!connected() || commands_.size() >= kMaxCommands) return false;
  commands_.push_back(std::move(lines));
  if (commands_.size() == 1) send_command();
  return true;
}

void JuliusClient::send_command() {
  send(commands_.front() + "\n");
  answer_timer_.arm(kAnswerTime);
}

void JuliusClient::command_done() {
  if (commands_.empty()) return;
  commands_.pop_front();
  if (commands_.empty()) {
    answer_timer_.cancel();
  } else {
    send_command();
  }
}

}  // namespace bunshin
