#include "bridge/simulated_julius.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bridge/block_framer.h"
#include "bridge/julius_command.h"
#include "bridge/julius_request.h"
#include "handlers/line_handler.h"
#include "reactor/host.h"
#include "reactor/log.h"
#include "reactor/timer.h"

namespace bunshin {
namespace {

constexpr std::size_t kMaxLines = 64;  // of a client that does not wait for answers
constexpr auto kLoopPause = std::chrono::milliseconds(1);  // an empty round of a loop must not spin

/// The block that answers a command, by how it begins; empty for one that has no answer.
std::string_view answer_tag(JuliusVerb verb) {
  switch (verb) {
    case JuliusVerb::grammar_info:
      return "<GRAMINFO";
    case JuliusVerb::list_process:
      return "<RECOGPROCESS INFO=\"STATUS\"";
    case JuliusVerb::current_process:
      return "<RECOGPROCESS INFO=\"CURRENT\"";
    case JuliusVerb::sync_grammar:
      return "<GRAMMAR STATUS=\"READY\"";
    case JuliusVerb::delete_grammar:
      return "<GRAMMAR STATUS=\"ERROR\"";
    default:
      return {};
  }
}

/// The first block of a recording that begins with `tag`, whole; empty when it holds none.
std::string find_block(std::string_view bytes, std::string_view tag) {
  std::size_t begin = bytes.find(tag);
  while (begin != bytes.npos && begin > 0 && bytes[begin - 1] != '\n') {
    begin = bytes.find(tag, begin + 1);
  }
  if (tag.empty() || begin == bytes.npos) return {};
  BlockFramer framer;
  for (std::size_t end = begin; end < bytes.size();) {
    const std::size_t next = std::min(bytes.find('\n', end), bytes.size() - 1) + 1;
    framer.feed(bytes.substr(end, next - end));
    end = next;
    if (framer.next()) return std::string(bytes.substr(begin, end - begin));
  }
  return {};
}

}  // namespace

/// One client of the simulated engine: the replay, and the commands.
class JuliusSession : public LineHandler {
 public:
  JuliusSession(Reactor& reactor, StreamSocket socket, SimulatedJulius& server);
  ~JuliusSession() override;

  void handle_read() override;
  void found_terminator(std::string_view line) override;
  void handle_full() override;
  void handle_drained() override;

 private:
  friend class SimulatedJulius;
  void play();
  bool play_row();
  void restart();
  void read_lines(std::size_t count);
  void at_boundary();
  void answer(const JuliusRequest& command);
  void pause();
  void terminate();
  void fall_asleep();
  void wake_up();
  void skip_to(std::string_view tag);
  void skip_block(std::string_view tag);
  void say_input(std::string_view status);
  void note(std::string_view block);
  [[nodiscard]] TimePoint due(const JuliusTranscript::Row& row) const;
  [[nodiscard]] bool between_blocks() const;
  [[nodiscard]] bool asleep() const { return server_ != nullptr && server_->asleep_; }

  const std::shared_ptr<const JuliusTranscript> transcript_;
  const SimulatedJulius::Options options_;
  SimulatedJulius* server_;
  TimePoint origin_;          // when the replay's clock stood at 0
  TimePoint stopped_at_{};    // when it was stopped; while asleep
  bool pause_asked_ = false;  // PAUSE waits for the end of the utterance
  bool in_utterance_ = false;
  bool recognising_ = false;       // STARTRECOG without its ENDRECOG
  bool full_ = false;              // the client does not read
  std::size_t next_ = 0;           // row
  std::size_t skip_until_ = 0;     // offset: what is not said of the recording
  BlockFramer framer_;             // of what was sent
  std::deque<std::string> lines_;  // in the engine's buffer, unread
  JuliusCommandReader reader_;
  std::deque<JuliusRequest> commands_;  // wait for the end of a block
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
  if (!dead_) resume_reading();
}

/// The kernel still takes connections: they wait for ever.
void SimulatedJulius::die() {
  log(LogLevel::info, "the client said DIE: nobody is served any more");
  dead_ = true;
}

JuliusSession::JuliusSession(Reactor& reactor, StreamSocket socket, SimulatedJulius& server)
    : LineHandler(reactor, std::move(socket)),
      transcript_(server.transcript_),
      options_(server.options_),
      server_(&server),
      origin_(reactor.handlers_now()),
      stopped_at_(origin_) {
  // Not from within the constructor: sending may call what is not constructed yet.
  timer_.arm(Duration::zero());
}

JuliusSession::~JuliusSession() {
  if (server_ == nullptr) return;
  if (pause_asked_) server_->asleep_ = true;
  server_->session_left();
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
  while (!asleep() && !full_ && connected()) {
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
  if (block.starts_with("<STARTRECOG")) recognising_ = true;
  if (block.starts_with("<ENDRECOG")) recognising_ = false;
  if (block.starts_with("<RECOGOUT") || block.starts_with("<RECOGFAIL") ||
      block.starts_with("<REJECTED") || block.find("STATUS=\"LISTEN\"") != block.npos) {
    in_utterance_ =
        in_utterance_ && block.find("PASS=\"1\"") != block.npos;  // a guess ends nothing
  }
}

void JuliusSession::at_boundary() {
  if (pause_asked_ && !in_utterance_) fall_asleep();
  while (!commands_.empty() && connected()) {
    const JuliusRequest command = std::move(commands_.front());
    commands_.pop_front();
    answer(command);
  }
}

/// The engine asks select(2) and reads with stdio: that more has come it learns once a segment, and
/// takes then what it had left in its buffer and one line more.
void JuliusSession::handle_read() {
  const std::size_t left = lines_.size();
  LineHandler::handle_read();
  if (lines_.size() > left) read_lines(left + 1);
}

void JuliusSession::found_terminator(std::string_view line) {
  if (lines_.size() < kMaxLines) lines_.emplace_back(line);
}

void JuliusSession::read_lines(std::size_t count) {
  for (std::size_t i = 0; i < count && !lines_.empty(); ++i) {
    bool more = true;
    while (more && !lines_.empty()) {  // a command's arguments are read in one go
      const auto command = reader_.take(lines_.front());
      lines_.pop_front();
      more = reader_.waits();
      auto request = command ? JuliusRequest::parse(*command) : std::nullopt;
      if (request) commands_.push_back(*std::move(request));
    }
  }
  if (!between_blocks()) return;
  at_boundary();
  play();
}

void JuliusSession::answer(const JuliusRequest& command) {
  switch (command.verb) {
    case JuliusVerb::status:
      send(fmt::format("<SYSINFO PROCESS=\"{}\"/>\n.\n",
                       asleep() || pause_asked_ ? "SLEEP" : "ACTIVE"));
      break;
    case JuliusVerb::version:
      send("<ENGINEINFO TYPE=\"JuliusLib\" VERSION=\"4.6\" CONF=\"fast\"/>\n.\n");
      break;
    case JuliusVerb::pause:
      return pause();
    case JuliusVerb::terminate:
      return terminate();
    case JuliusVerb::resume:
      return wake_up();
    case JuliusVerb::die:
      if (server_ != nullptr) server_->die();
      return close_when_done();
    default:
      if (const std::string block = find_block(transcript_->all_bytes(), answer_tag(command.verb));
          !block.empty()) {
        send(block);
      }
  }
}

void JuliusSession::pause() {
  pause_asked_ = !asleep();
  if (pause_asked_ && !in_utterance_) fall_asleep();
}

/// After a PAUSE it is ignored: the utterance goes on to its end.
void JuliusSession::terminate() {
  if (pause_asked_ || asleep()) return;
  if (in_utterance_) {
    skip_to("<INPUT STATUS=\"LISTEN\"");
    in_utterance_ = false;
    say_input("ENDREC");
    if (std::exchange(recognising_, false)) send("<ENDRECOG/>\n.\n");
    send("<REJECTED REASON=\"input terminated by request\"/>\n.\n");
  }
  fall_asleep();
}

/// What the recording says from here to `tag` is not said.
void JuliusSession::skip_to(std::string_view tag) {
  const auto& row = transcript_->rows()[next_ - 1];
  const std::string_view bytes = transcript_->all_bytes();
  skip_until_ = std::min(bytes.find(tag, row.offset + row.size), bytes.size());
}

void JuliusSession::say_input(std::string_view status) {
  send(fmt::format("<INPUT STATUS=\"{}\" TIME=\"{}\"/>\n.\n", status, reactor().host().date()));
}

void JuliusSession::fall_asleep() {
  pause_asked_ = false;
  if (server_ == nullptr || std::exchange(server_->asleep_, true)) return;
  stopped_at_ = reactor().handlers_now();
  send("<STOPPROC/>\n.\n");
}

void JuliusSession::wake_up() {
  pause_asked_ = false;
  if (server_ == nullptr || !std::exchange(server_->asleep_, false)) return;
  origin_ += reactor().handlers_now() - stopped_at_;
  send("<STARTPROC/>\n.\n");
  say_input("LISTEN");
  skip_block("<STARTPROC");
  skip_block("<INPUT STATUS=\"LISTEN\"");
}

/// If that is what the recording says next.
void JuliusSession::skip_block(std::string_view tag) {
  const std::string_view bytes = transcript_->all_bytes();
  const auto& rows = transcript_->rows();
  std::size_t at = bytes.size();
  for (std::size_t row = next_; row < rows.size(); ++row) {
    if (rows[row].direction == JuliusTranscript::Direction::from_client) continue;
    at = rows[row].offset;
    break;
  }
  at = std::max(at, skip_until_);
  constexpr std::string_view kEnd = "\n.\n";
  if (!bytes.substr(std::min(at, bytes.size())).starts_with(tag)) return;
  const std::size_t end = bytes.find(kEnd, at);
  if (end != bytes.npos) skip_until_ = end + kEnd.size();
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
