#include "bridge/simulated_julius.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bridge/block_framer.h"
#include "handlers/line_handler.h"
#include "reactor/host.h"
#include "reactor/log.h"
#include "reactor/timer.h"

namespace bunshin {
namespace {

constexpr std::size_t kMaxCommands = 64;
constexpr auto kLoopPause = std::chrono::milliseconds(1);  // an empty round of a loop must not spin

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> beginnings) {
  for (const std::string_view beginning : beginnings) {
    if (text.substr(0, beginning.size()) == beginning) return true;
  }
  return false;
}

}  // namespace

/// One client of the simulated engine: the replay, and the commands.
class JuliusSession : public LineHandler {
 public:
  JuliusSession(Reactor& reactor, StreamSocket socket, SimulatedJulius& server);
  ~JuliusSession() override;

  void found_terminator(std::string_view line) override;
  void handle_full() override;
  void handle_drained() override;

 private:
  friend class SimulatedJulius;
  void play();
  bool play_row();
  void restart();
  void at_boundary();
  void answer(std::string_view command);
  void fall_asleep();
  void wake_up();
  void note(std::string_view block);
  [[nodiscard]] TimePoint due(const JuliusTranscript::Row& row) const;
  [[nodiscard]] bool between_blocks() const;

  const std::shared_ptr<const JuliusTranscript> transcript_;
  const SimulatedJulius::Options options_;
  SimulatedJulius* server_;
  TimePoint origin_;          // when the replay's clock stood at 0
  TimePoint stopped_at_{};    // when it was stopped; while asleep_
  bool asleep_ = false;       // PAUSE or TERMINATE
  bool pause_asked_ = false;  // PAUSE waits for the end of the utterance
  bool in_utterance_ = false;
  bool full_ = false;           // the client does not read
  std::size_t next_ = 0;        // row
  std::size_t skip_until_ = 0;  // offset: TERMINATE drops the rest of an utterance
  BlockFramer framer_;          // of what was sent
  std::deque<std::string> commands_;
  Timer timer_{*this, &JuliusSession::play};
};

SimulatedJulius::SimulatedJulius(Reactor& reactor, const Endpoint& endpoint,
                                 JuliusTranscript transcript, Options options)
    : Dispatcher(reactor),
      transcript_(std::make_shared<const JuliusTranscript>(std::move(transcript))),
      options_(options) {
  listen_on(endpoint);
}

SimulatedJulius::~SimulatedJulius() {
  if (session_ != nullptr) session_->server_ = nullptr;
}

void SimulatedJulius::handle_accepted(StreamSocket socket, const SocketAddress& peer) {
  log(LogLevel::info, "a client connected from {}", peer.to_string());
  session_ = &reactor().emplace<JuliusSession>(std::move(socket), *this);
  pause_reading();  // the others wait in the queue; last, because no session would end that
}

void SimulatedJulius::session_left() {
  log(LogLevel::info, "the client left");
  session_ = nullptr;
  resume_reading();
}

JuliusSession::JuliusSession(Reactor& reactor, StreamSocket socket, SimulatedJulius& server)
    : LineHandler(reactor, std::move(socket)),
      transcript_(server.transcript_),
      options_(server.options_),
      server_(&server),
      origin_(reactor.handlers_now()) {
  // Not from within the constructor: sending may call what is not constructed yet.
  timer_.arm(Duration::zero());
}

JuliusSession::~JuliusSession() {
  if (server_ != nullptr) server_->session_left();
}

TimePoint JuliusSession::due(const JuliusTranscript::Row& row) const {
  if (options_.speed == 0) return origin_;
  const std::chrono::duration<double, std::micro> at(static_cast<double>(row.at.count()));
  return origin_ + std::chrono::duration_cast<Duration>(at / options_.speed);
}

bool JuliusSession::between_blocks() const {
  return framer_.pending() == 0 || next_ == transcript_->rows().size();
}

/// Sends what is due, and arms the timer for what is not.
void JuliusSession::play() {
  while (!asleep_ && !full_ && connected()) {
    if (next_ == transcript_->rows().size()) {
      if (options_.loop) restart();
      return;
    }
    const Duration wait = due(transcript_->rows()[next_]) - reactor().handlers_now();
    if (wait > Duration::zero()) {
      timer_.arm(wait);
      return;
    }
    if (!play_row()) return;
  }
}

/// False when the connection is gone or ending.
bool JuliusSession::play_row() {
  const JuliusTranscript::Row& row = transcript_->rows()[next_++];
  if (row.direction == JuliusTranscript::Direction::from_client) return true;
  std::string_view bytes = transcript_->bytes(row);
  if (row.offset < skip_until_) {
    bytes.remove_prefix(std::min(bytes.size(), skip_until_ - row.offset));
    if (bytes.empty()) return true;
  }
  if (!send(bytes)) return false;
  framer_.feed(bytes);
  while (const auto block = framer_.next()) note(block->bytes);
  if (between_blocks()) at_boundary();
  return true;
}

void JuliusSession::restart() {
  next_ = 0;
  skip_until_ = 0;
  framer_.reset();
  origin_ = reactor().handlers_now() + kLoopPause;
  timer_.arm(kLoopPause);
}

/// Follows what was sent: does somebody speak?
void JuliusSession::note(std::string_view block) {
  if (block.find("STATUS=\"STARTREC\"") != block.npos) in_utterance_ = true;
  if (starts_with_any(block, {"<RECOGOUT", "<RECOGFAIL", "<REJECTED"}) ||
      block.find("STATUS=\"LISTEN\"") != block.npos) {
    in_utterance_ = false;
  }
}

void JuliusSession::at_boundary() {
  if (pause_asked_ && !in_utterance_) fall_asleep();
  while (!commands_.empty() && connected()) {
    const std::string command = std::move(commands_.front());
    commands_.pop_front();
    answer(command);
  }
}

void JuliusSession::found_terminator(std::string_view line) {
  if (line.substr(0, line.find('\r')).empty() || commands_.size() >= kMaxCommands) return;
  commands_.emplace_back(line.substr(0, line.find('\r')));
  if (!between_blocks()) return;
  at_boundary();
  play();
}

/// Arguments of other commands are lines too, and ignored as those are.
void JuliusSession::answer(std::string_view command) {
  if (command == "STATUS") {
    send(fmt::format("<SYSINFO PROCESS=\"{}\"/>\n.\n", asleep_ ? "SLEEP" : "ACTIVE"));
  } else if (command == "VERSION") {
    send("<ENGINEINFO TYPE=\"JuliusLib\" VERSION=\"4.6\" CONF=\"fast\"/>\n.\n");
  } else if (command == "PAUSE") {
    pause_asked_ = !asleep_;
    if (pause_asked_ && !in_utterance_) fall_asleep();
  } else if (command == "TERMINATE") {
    if (in_utterance_) {
      const auto& row = transcript_->rows()[next_ - 1];
      const auto listen =
          transcript_->all_bytes().find("<INPUT STATUS=\"LISTEN\"", row.offset + row.size);
      skip_until_ = std::min(listen, transcript_->all_bytes().size());
      in_utterance_ = false;
    }
    fall_asleep();
  } else if (command == "RESUME") {
    wake_up();
  } else if (command == "DIE") {
    close_when_done();
  }
}

void JuliusSession::fall_asleep() {
  pause_asked_ = false;
  if (std::exchange(asleep_, true)) return;
  stopped_at_ = reactor().handlers_now();
  send("<STOPPROC/>\n.\n");
}

void JuliusSession::wake_up() {
  pause_asked_ = false;
  if (!std::exchange(asleep_, false)) return;
  origin_ += reactor().handlers_now() - stopped_at_;
  send(fmt::format("<STARTPROC/>\n.\n<INPUT STATUS=\"LISTEN\" TIME=\"{}\"/>\n.\n",
                   reactor().host().date()));
}

void JuliusSession::handle_full() {
  LineHandler::handle_full();
  full_ = true;
}

void JuliusSession::handle_drained() {
  LineHandler::handle_drained();
  full_ = false;
  play();
}

}  // namespace bunshin
