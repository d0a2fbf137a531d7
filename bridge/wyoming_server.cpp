#include "bridge/wyoming_server.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "reactor/log.h"
#include "reactor/printable.h"

namespace bunshin {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kReadSize = 64 * 1024;
/// A robot answers within some 10 ms, a pose waits for the one before, and a voice assistant for
/// some 30 s.
constexpr Duration kPatience = std::chrono::seconds(10);

Json artifact(std::string_view name, std::string_view description) {
  return {{"name", name},
          {"description", description},
          {"version", BUNSHIN_VERSION},
          {"installed", true},
          {"attribution", {{"name", "bunshin"}, {"url", ""}}}};
}

}  // namespace

WyomingClient::WyomingClient(Reactor& reactor, StreamSocket socket, std::string name,
                             std::shared_ptr<WyomingHall> hall)
    : BufferedDispatcher(reactor, std::move(socket)),
      name_(std::move(name)),
      hall_(std::move(hall)) {
  ++hall_->clients;
}

WyomingClient::~WyomingClient() {
  --hall_->clients;
  for (const auto& asked : asked_) asked->client = nullptr;
}

void WyomingClient::handle_read() {
  framer_.feed(recv(kReadSize));
  while (auto event = framer_.next()) {
    take(*event);
    if (closed()) return;
  }
  if (!framer_.error().empty()) refuse(framer_.error());
}

void WyomingClient::take(const WyomingEvent& event) {
  if (event.type == "describe") {
    send(info());
  } else if (event.type == "transcript" || event.type == "recognize") {
    hear(event);
  } else if (event.type == "ping") {
    send(wyoming_event("pong", event.text.value_or("")));
  } else if (event.type == "transcribe" || event.type.starts_with("audio-")) {
    if (std::exchange(told_audio_, true)) return;
    log(LogLevel::warning,
        "the Wyoming client at {} sends audio, which is refused: bring it to a "
        "recogniser, and its transcripts here",
        name_);
    send(wyoming_event("error", "no recogniser: transcripts are taken here, and no audio"));
  } else {
    log(LogLevel::debug, "the Wyoming client at {} sends {}, which means nothing here", name_,
        printable(event.type, 40));
  }
}

void WyomingClient::hear(const WyomingEvent& event) {
  if (!event.text) return refuse(fmt::format("a {} without text", event.type));
  ++hall_->transcripts;
  auto asked = std::make_shared<Asked>(Asked{this, {}, reactor().now() + kPatience});
  asked_.push_back(asked);
  hall_->hear(*event.text, [asked](const PhraseOutcome& outcome) {
    if (asked->client == nullptr || !asked->answer.empty()) return;
    asked->answer = wyoming_event(outcome.done ? "handled" : "not-handled", outcome.sentence);
    asked->client->answer();
  });
  if (!asked_.empty() && !timer_.armed()) timer_.arm(kPatience);
}

/// What is answered, as far as everything before it is.
void WyomingClient::answer() {
  while (!asked_.empty() && !asked_.front()->answer.empty()) {
    const auto first = std::move(asked_.front());
    asked_.pop_front();
    send(first->answer);
  }
  if (!asked_.empty()) return;
  timer_.cancel();
  if (ended() && buffered() == 0) close_when_done();
}

void WyomingClient::time_passed() {
  const TimePoint now = reactor().now();
  for (const auto& asked : asked_) {
    if (asked->until > now || !asked->answer.empty()) continue;
    asked->answer = wyoming_event("not-handled", "The robot has not answered yet.");
  }
  answer();
  if (!asked_.empty()) timer_.arm(asked_.front()->until - now);
}

/// Nobody knows where the next event would begin.
void WyomingClient::refuse(std::string_view reason) {
  ++hall_->errors;
  log(LogLevel::warning, "the Wyoming client at {} is let go: it sends {}", name_, reason);
  send(wyoming_event("error", reason));
  close_when_done();
}

std::string WyomingClient::info() const {
  Json model = artifact("rules", "Spoken commands by the rules of the configuration");
  model["languages"] = hall_->languages;
  Json program = artifact("bunshin", "Moves a robot by what is said");
  // Not {model}: compilers do not agree whether that is a list of one.
  program["models"].push_back(model);
  Json data;
  data["handle"].push_back(program);
  for (const char* none : {"asr", "tts", "intent", "wake", "mic", "snd"}) {
    data[none] = Json::array();
  }
  const std::string text = data.dump();
  return Json{{"type", "info"}, {"data_length", text.size()}}.dump() + "\n" + text;
}

void WyomingClient::handle_close() {
  tell_loss();
  close();
}

void WyomingClient::handle_finish() { close_when_done(); }

WyomingServer::WyomingServer(Reactor& reactor, const Endpoint& endpoint,
                             std::shared_ptr<WyomingHall> hall)
    : Dispatcher(reactor), hall_(std::move(hall)) {
  listen_on(endpoint);
}

WyomingServer::WyomingServer(Reactor& reactor, UniqueFd listening,
                             std::shared_ptr<WyomingHall> hall)
    : Dispatcher(reactor), hall_(std::move(hall)) {
  listen_on(std::move(listening));
}

void WyomingServer::handle_accepted(StreamSocket socket, const SocketAddress& peer) {
  reactor().emplace<WyomingClient>(std::move(socket), peer.to_string(), hall_);
}

}  // namespace bunshin
