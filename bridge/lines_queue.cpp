#include "bridge/lines_queue.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace bunshin {
namespace {

constexpr std::size_t kLongestReply = 256;  // what is longer is cut
constexpr std::chrono::milliseconds kLongestSettle{1000};
/// Marlin counts lines; this lets it begin at 1.
constexpr const char* kBeginCount = "M110 N0";

std::unique_ptr<const re2::RE2> compile(const std::string& pattern) {
  if (pattern.empty()) return nullptr;
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_unique<re2::RE2>(pattern, options);
  if (!compiled->ok()) throw std::invalid_argument(compiled->error());
  return compiled;
}

bool matches(const std::unique_ptr<const re2::RE2>& pattern, std::string_view line) {
  if (!pattern) return false;
  return pattern->Match(re2::StringPiece(line.data(), line.size()), 0, line.size(),
                        re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

}  // namespace

struct LinesQueue::Patterns {
  explicit Patterns(const LinesProfile& profile)
      : ok(compile(profile.ok)),
        error(compile(profile.error)),
        busy(compile(profile.busy)),
        greeting(compile(profile.greeting)),
        resend(compile(profile.resend)) {}

  const std::unique_ptr<const re2::RE2> ok, error, busy, greeting, resend;

  /// The number that a line asks for again.
  [[nodiscard]] std::optional<std::uint32_t> resend_number(std::string_view line) const {
    std::uint32_t number = 0;
    const re2::StringPiece text(line.data(), line.size());
    if (!resend || !re2::RE2::FullMatch(text, *resend, &number)) return std::nullopt;
    return number;
  }
};

LinesQueue::LinesQueue(RobotObserver& observer, LinesProfile profile, Limits limits)
    : observer_(observer),
      profile_(std::move(profile)),
      limits_(limits),
      patterns_(std::make_unique<const Patterns>(profile_)) {}

LinesQueue::~LinesQueue() = default;

void LinesQueue::command(std::string text, TimePoint now) {
  if (const auto problem = validate_line(profile_, text)) {
    observer_.refused(text, *problem);
  } else if (text == profile_.stop) {
    stop_at_once(now);
  } else if (waiting_.size() >= limits_.waiting) {
    observer_.refused(text, fmt::format("{} commands wait already", waiting_.size()));
  } else {
    waiting_.push_back({std::move(text), now});
    fill_window(now);
  }
}

/// No answer is waited for: a robot that has one for these bytes says it unasked.
void LinesQueue::stop_at_once(TimePoint /*now*/) {
  const std::string reason = fmt::format("{} goes ahead", profile_.stop);
  give_up_flying(reason);
  for (; !waiting_.empty(); waiting_.pop_front()) observer_.dropped(waiting_.front().text, reason);
  if (state_ == State::closed) {
    observer_.dropped(profile_.stop, "the line is away");
    return;
  }
  output_ = profile_.stop;
  observer_.sent(profile_.stop);
  observer_.answered(profile_.stop, "");
}

void LinesQueue::opened(TimePoint now) {
  told_away_ = false;
  settle(now);
}

void LinesQueue::closed() {
  give_up_flying("the line hung up before its answer");
  state_ = State::closed;
  output_.clear();
}

/// A terminator ends whatever half a line the robot may have; what it says to that is dropped.
void LinesQueue::settle(TimePoint now) {
  state_ = State::settling;
  output_ += profile_.terminator;
  line_.clear();
  deadline_ = now + limits_.settle;
  settle_until_ = now + kLongestSettle;
}

void LinesQueue::received(std::string_view bytes, TimePoint now) {
  for (const char byte : bytes) {
    if (state_ == State::closed) return;
    if (state_ == State::settling) {
      deadline_ = std::min(now + limits_.settle, settle_until_);
    } else if (byte != '\n') {
      if (line_.size() < kLongestReply) line_.push_back(byte);
    } else {
      const std::string line = std::exchange(line_, {});
      handle_line(std::string_view(line).substr(0, line.find_last_not_of(" \r") + 1), now);
    }
  }
}

void LinesQueue::tick(TimePoint now) {
  const auto deadline = next_deadline();
  if (!deadline || now < *deadline) return;
  if (state_ == State::settling) {
    observer_.resynchronised();
    state_ = State::working;
    drop_old(now);
    next_number_ = 0;
    if (profile_.checksum == LinesProfile::Checksum::marlin) {
      waiting_.push_front({kBeginCount, now});
      waiting_.front().own = true;
    }
    return fill_window(now);
  }
  give_up_flying(fmt::format("no reply in {} ms", profile_.timeout.count()));
  if (!std::exchange(told_away_, true)) {
    observer_.robot_away(fmt::format("it has not answered for {} ms", profile_.timeout.count()));
  }
  settle(now);
}

std::optional<std::string> LinesQueue::take_output() {
  if (output_.empty()) return std::nullopt;
  return std::exchange(output_, {});
}

std::optional<LinesQueue::TimePoint> LinesQueue::next_deadline() const {
  const bool waits = state_ == State::settling || (state_ == State::working && !flying_.empty());
  return waits ? std::optional(deadline_) : std::nullopt;
}

void LinesQueue::handle_line(std::string_view line, TimePoint now) {
  if (line.empty()) return;
  if (const auto number = patterns_->resend_number(line)) return handle_resend(*number, now);
  if (matches(patterns_->greeting, line)) {
    observer_.unexpected(line);
    give_up_flying("the robot was reset");
    return settle(now);
  }
  if (matches(patterns_->busy, line)) {
    deadline_ = now + profile_.timeout;
    return;
  }
  const bool ok = matches(patterns_->ok, line);
  if (ok && std::exchange(swallow_ok_, false)) return;
  if (flying_.empty() || (!ok && !matches(patterns_->error, line))) {
    return observer_.unexpected(line);
  }
  const Command command = std::move(flying_.front());
  flying_.pop_front();
  if (std::exchange(told_away_, false)) observer_.robot_back();
  if (ok) observer_.answered(command.text, line);
  if (!ok && !command.own) observer_.gave_up(command.text, fmt::format("answered {}", line));
  deadline_ = now + profile_.timeout;
  fill_window(now);
}

/// All from that number on are sent again; the "ok" that follows belongs to none of them.
void LinesQueue::handle_resend(std::uint32_t number, TimePoint now) {
  const auto first = std::find_if(flying_.begin(), flying_.end(), [number](const Command& command) {
    return command.number == number;
  });
  if (first == flying_.end() || first->resends >= limits_.resends) {
    give_up_flying(fmt::format("line {} was asked for again", number));
    return settle(now);
  }
  swallow_ok_ = true;
  deadline_ = now + profile_.timeout;
  for (auto command = first; command != flying_.end(); ++command) {
    ++command->resends;
    observer_.retrying(command->text, "it came damaged");
    write(*command);
  }
}

void LinesQueue::fill_window(TimePoint now) {
  while (state_ == State::working && flying_.size() < profile_.window && !waiting_.empty()) {
    if (flying_.empty()) deadline_ = now + profile_.timeout;
    Command& command = flying_.emplace_back(std::move(waiting_.front()));
    waiting_.pop_front();
    command.number = next_number_++;
    write(command);
    observer_.sent(command.text);
  }
}

void LinesQueue::write(const Command& command) {
  output_ += framed_line(profile_, command.text, command.number);
}

void LinesQueue::give_up_flying(std::string_view reason) {
  swallow_ok_ = false;
  for (; !flying_.empty(); flying_.pop_front()) {
    if (!flying_.front().own) observer_.gave_up(flying_.front().text, reason);
  }
}

void LinesQueue::drop_old(TimePoint now) {
  while (!waiting_.empty() && now - waiting_.front().since > limits_.max_age) {
    observer_.dropped(waiting_.front().text,
                      fmt::format("no robot could be had for {} ms", limits_.max_age.count()));
    waiting_.pop_front();
  }
}

}  // namespace bunshin
