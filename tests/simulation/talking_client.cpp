#include "tests/simulation/talking_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "reactor/host.h"

namespace bunshin::simulation {

TalkingClient::Plan TalkingClient::draw_plan(Run& run, std::uint32_t most_messages,
                                             std::uint32_t most_bytes) {
  Plan plan;
  plan.messages = 1 + run.pick(most_messages - 1);
  const std::uint32_t sizes[] = {1, 17, 1000, most_bytes};
  plan.bytes = sizes[run.pick(3)];
  plan.at_once = run.chance();
  plan.ending = static_cast<Ending>(run.pick(3));
  const std::size_t reads[] = {SIZE_MAX, 1, 100, 5000};
  // A byte a read only of what is small: each is a callback.
  plan.most_read =
      reads[std::size_t{plan.messages} * plan.bytes > 5000 ? 3 * run.pick(1) : run.pick(3)];
  plan.rest = std::chrono::microseconds(500) * run.pick(3);
  plan.refuses = run.chance();
  plan.begins = std::chrono::microseconds(700) * run.pick(3);
  plan.throws = run.pick(15) == 15;
  return plan;
}

TalkingClient::TalkingClient(Reactor& reactor, const Endpoint& server, Plan plan, Ledger& ledger)
    : BufferedDispatcher(reactor),
      server_(server),
      ledger_(ledger),
      number_(ledger.left++),
      plan_(plan) {
  begin_timer_.arm(plan.begins);
}

TalkingClient::~TalkingClient() {
  --ledger_.left;
  if (ledger_.wrong.empty()) ledger_.wrong = missed();
}

void TalkingClient::begin() {
  if (plan_.throws) throw std::runtime_error("a client's own fault");
  connect(server_);
}

char TalkingClient::byte(std::size_t index) const {
  return static_cast<char>(index * 31 + index / 251 + number_ * 7);
}

void TalkingClient::handle_connect() {
  name_ = reactor().host().local_name(descriptor());
  say();
}

void TalkingClient::handle_connect_error(int) {
  refused_ = true;
  close();
}

void TalkingClient::say() {
  while (said_ < total() && (plan_.at_once || heard_ == said_) && !closed()) {
    std::string message(plan_.bytes, '\0');
    for (std::size_t index = 0; index < message.size(); ++index)
      message[index] = byte(said_ + index);
    said_ += message.size();
    if (!send(message)) return;
    if (plan_.ending == Ending::vanishes && 2 * said_ >= total()) return close();
  }
  if (said_ < total()) return;
  if (plan_.ending == Ending::reads_all) shut_down_when_done();
  if (plan_.ending == Ending::closes_politely) close_when_done();
}

void TalkingClient::handle_read() {
  const std::string_view data = recv(plan_.most_read);
  if (data.empty()) return;
  take(data);
  if (plan_.rest > Duration::zero()) rest();
  if (heard_ == said_ && said_ < total()) say();
  if (heard_ == total() && plan_.ending == Ending::waits_all) {
    ended_well_ = true;
    close();
  }
}

void TalkingClient::rest() {
  if (plan_.refuses) {
    resting_ = true;
  } else {
    pause_reading();
  }
  rest_timer_.arm(plan_.rest);
}

void TalkingClient::rest_is_over() {
  resting_ = false;
  resume_reading();
}

void TalkingClient::take(std::string_view data) {
  for (const char letter : data) {
    if (letter != byte(heard_) || heard_ >= said_) {
      if (wrong_.empty()) wrong_ = fmt::format("client {}: byte {} is wrong", number_, heard_);
    }
    ++heard_;
  }
}

void TalkingClient::handle_close() {
  ended_well_ = error() == 0;
  close();
}

/// What is missing that nobody has harmed.
std::string TalkingClient::missed() const {
  if (!wrong_.empty() || refused_ || name_.size() == 0 || ledger_.world.harmed(name_))
    return wrong_;
  if (plan_.ending == Ending::vanishes || plan_.ending == Ending::closes_politely) return "";
  if (!ended_well_) return fmt::format("client {} lost a connection that nobody harmed", number_);
  if (heard_ == total()) return "";
  return fmt::format("client {} has said {} bytes and heard {}", number_, total(), heard_);
}

}  // namespace bunshin::simulation
