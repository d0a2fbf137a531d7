#include "bridge/rapiro_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reactor/broken.h"

namespace bunshin {
namespace {

constexpr std::string_view kStop = "#M0";
constexpr std::string_view kAskBuffer = "#C";
/// One is not enough: after "#PS" the firmware takes the first for a bad digit and reads on.
constexpr std::string_view kIntoStep = "\n\n";

/// Poses would be lost while one waits in the robot, and a motion would discard that one.
bool needs_free_buffer(std::string_view command) {
  return command != kStop && (command[1] == 'M' || command[1] == 'P');
}

}  // namespace

void RapiroQueue::command(std::string text, TimePoint now) {
  if (const auto problem = validate_command(text)) {
    return observer_.refused(text, *problem);
  }
  if (limits_.coalesce) drop_replaced(text);
  if (text == kStop) {
    go_ahead(std::move(text), now);
  } else if (waiting_.size() >= limits_.waiting) {
    observer_.refused(text, fmt::format("{} commands wait already", waiting_.size()));
  } else {
    waiting_.push_back({std::move(text), now});
    if (state_ == State::ready) begin_next(now);
  }
}

void RapiroQueue::drop_replaced(std::string_view newer) {
  const std::size_t kept = state_ == State::sending ? 1 : 0;
  for (std::size_t i = waiting_.size(); i > kept; --i) {
    const auto older = waiting_.begin() + static_cast<std::ptrdiff_t>(i - 1);
    if (older->text == kStop || !replaces(newer, older->text)) continue;
    observer_.dropped(older->text, fmt::format("{} replaces it", newer));
    waiting_.erase(older);
    if (i == 1) failures_ = 0;
  }
}

void RapiroQueue::opened(TimePoint now) {
  there_ = told_away_ = false;
  looking_since_ = now;
  drop_old(now);
  resynchronise(now);
}

/// A stop is worth its while as long as there is hope: it can not hurt.
void RapiroQueue::drop_old(TimePoint now) {
  for (auto command = waiting_.begin(); command != waiting_.end();) {
    if ((command->text == kStop && !told_away_) || now - command->since <= limits_.max_age) {
      ++command;
      continue;
    }
    if (command == waiting_.begin()) failures_ = 0;
    observer_.dropped(command->text,
                      fmt::format("no robot could be had for {} ms", limits_.max_age.count()));
    command = waiting_.erase(command);
  }
}

void RapiroQueue::closed() {
  if (state_ == State::sending && broken("hang_up")) {
    pop_front();
  } else if (state_ == State::sending) {
    observer_.retrying(waiting_.front().text, "the line hung up before its answer");
  }
  state_ = State::closed;
  output_.reset();
  parser_.reset();
}

void RapiroQueue::received(std::string_view bytes, TimePoint now) {
  if (state_ == State::closed || bytes.empty()) return;
  if (state_ == State::settling) {
    deadline_ = std::min(now + limits_.settle, settle_until_);
    return;
  }
  if (state_ == State::looking && heard_.size() <= kAskBuffer.size()) heard_ += bytes;
  parser_.feed(bytes, now);
  while (auto reply = parser_.next()) handle(*reply, now);
}

void RapiroQueue::tick(TimePoint now) {
  parser_.flush(now);
  while (auto reply = parser_.next()) handle(*reply, now);
  if (state_ != State::closed && state_ != State::ready && now >= deadline_) handle_deadline(now);
}

std::optional<std::string> RapiroQueue::take_output() { return std::exchange(output_, {}); }

std::optional<RapiroQueue::TimePoint> RapiroQueue::next_deadline() const {
  std::optional<TimePoint> next = parser_.pending_until();
  if (state_ == State::closed || state_ == State::ready) return next;
  return next ? std::min(*next, deadline_) : deadline_;
}

std::string_view RapiroQueue::flying() const {
  return state_ == State::sending ? std::string_view(waiting_.front().text) : kAskBuffer;
}

/// Whatever is in flight is left to its reply: half a conversation would put the robot out of step.
void RapiroQueue::go_ahead(std::string text, TimePoint now) {
  const std::size_t kept = state_ == State::sending ? 1 : 0;
  while (waiting_.size() > kept) {
    observer_.dropped(waiting_.back().text, "#M0 goes ahead");
    waiting_.pop_back();
  }
  if (kept == 0) failures_ = 0;
  waiting_.push_back({std::move(text), now});
  if (state_ == State::ready || state_ == State::pose_waits) begin_next(now);
}

void RapiroQueue::resynchronise(TimePoint now) {
  parser_.reset();
  output_ = kIntoStep;
  state_ = State::settling;
  deadline_ = now + limits_.settle;
  settle_until_ = now + limits_.longest_settle;
}

void RapiroQueue::begin_next(TimePoint now) {
  if (!there_) {
    heard_.clear();
    return send(State::looking, now);
  }
  if (waiting_.empty()) {
    state_ = State::ready;
    return;
  }
  send(needs_free_buffer(waiting_.front().text) ? State::asking : State::sending, now);
}

void RapiroQueue::send(State state, TimePoint now) {
  state_ = state;
  deadline_ = now + limits_.reply;
  output_ = flying();
  observer_.sent(flying());
}

void RapiroQueue::handle(const RapiroReply& reply, TimePoint now) {
  if (in_flight() && reply_answers(flying(), reply)) {
    handle_answer(reply, now);
  } else if (in_flight() && reply.is_error()) {
    handle_failure(fmt::format("answered {}", reply.text), now);
  } else {
    observer_.unexpected(reply.text);
  }
}

void RapiroQueue::handle_answer(const RapiroReply& reply, TimePoint now) {
  observer_.answered(flying(), reply.text);
  if (state_ == State::looking) found();
  if (state_ == State::sending) {
    pop_front();
    begin_next(now);
  } else if (waiting_.empty()) {
    state_ = State::ready;
  } else if (!needs_free_buffer(waiting_.front().text) ||
             reply.kind == RapiroReply::Kind::buffer_free) {
    send(State::sending, now);  // another may have taken the place of what we had asked for
  } else {
    state_ = State::pose_waits;
    deadline_ = now + limits_.poll;
  }
}

void RapiroQueue::found() {
  there_ = true;
  if (std::exchange(told_away_, false)) observer_.robot_back();
}

void RapiroQueue::not_found(TimePoint now) {
  drop_old(now);
  if (told_away_) return;
  if (heard_ == kAskBuffer) {
    told_away_ = true;
    observer_.robot_away("the line only echoes what is sent to it");
  } else if (now - looking_since_ >= limits_.patience) {
    told_away_ = true;
    observer_.robot_away(fmt::format("it has not answered for {} ms", limits_.patience.count()));
  }
}

void RapiroQueue::handle_failure(const std::string& reason, TimePoint now) {
  if (state_ == State::looking) {
    not_found(now);
    return resynchronise(now);
  }
  const bool overtaken =
      state_ == State::sending && waiting_.size() > 1 && waiting_[1].text == kStop;
  ++failures_;
  if (overtaken || failures_ > limits_.resends) {
    if (!broken("given_up")) observer_.gave_up(waiting_.front().text, reason);
    pop_front();
    if (!overtaken) {  // is it there at all?
      there_ = false;
      looking_since_ = now;
    }
  } else {
    observer_.retrying(waiting_.front().text, reason);
  }
  resynchronise(now);
}

void RapiroQueue::handle_deadline(TimePoint now) {
  if (in_flight()) {
    handle_failure(fmt::format("no reply in {} ms", limits_.reply.count()), now);
    return;
  }
  if (state_ == State::settling) observer_.resynchronised();
  begin_next(now);
}

void RapiroQueue::pop_front() {
  waiting_.pop_front();
  failures_ = 0;
}

}  // namespace bunshin
