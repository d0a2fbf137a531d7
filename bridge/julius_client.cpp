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
                           Backoff::Limits retry)
    : ReconnectingClient(reactor, std::move(endpoint), "Julius", retry),
      decoder_(std::make_unique<TextDecoder>(encoding)) {}

void JuliusClient::set_encoding(const std::string& encoding) {
  decoder_ = std::make_unique<TextDecoder>(encoding);
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
    damage(fmt::format("{} bytes are not of the encoding it should be in", text.replaced));
  }
  brought_something();
  if (is_answer(parse.message.kind)) command_done();
  handle_message(parse.message);
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
}

bool JuliusClient::command(std::string line) {
  if (!connected() || commands_.size() >= kMaxCommands) return false;
  commands_.push_back(std::move(line));
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
