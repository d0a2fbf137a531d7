#include "bridge/rapiro_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace bunshin {
namespace {

/// A pose that names every servo and colour has 102 bytes.
constexpr std::size_t kMaxCommand = 256;

bool is_digit(char c) { return '0' <= c && c <= '9'; }

/// Takes `label` and `digits` digits of at most `max` from the front of `rest`; says what is wrong.
std::optional<std::string> take_number(std::string_view& rest, char label, std::size_t digits,
                                       int max) {
  int value = 0;
  bool good = rest.size() > digits && rest.front() == label;
  for (std::size_t i = 1; good && i <= digits; ++i) {
    good = is_digit(rest[i]);
    value = value * 10 + (rest[i] - '0');
  }
  if (!good || value > max) {
    return fmt::format("\"{}\" should be {} and {} digits, {:0{}} to {}",
                       rest.substr(0, digits + 1), label, digits, 0, digits, max);
  }
  rest.remove_prefix(digits + 1);
  return std::nullopt;
}

std::optional<std::string> validate_motion(std::string_view digits) {
  if (digits.empty()) return "#M lacks its digit: the firmware would wait for it for ever";
  if (digits.size() == 1 && is_digit(digits.front())) return std::nullopt;
  return "#M takes exactly one digit, 0 to 9";
}

std::optional<std::string> validate_pose(std::string_view rest) {
  while (!rest.empty()) {
    std::optional<std::string> problem;
    switch (rest.front()) {
      case 'S':
        problem = take_number(rest, 'S', 2, 11);
        if (!problem) problem = take_number(rest, 'A', 3, 180);
        break;
      case 'R':
      case 'G':
      case 'B':
        problem = take_number(rest, rest.front(), 3, 255);
        break;
      case 'T':
        problem = take_number(rest, 'T', 3, 255);
        if (problem || rest.empty()) return problem;
        return fmt::format("\"{}\" follows the T that ends the pose", rest);
      default:
        return fmt::format("a pose has no '{}', only S, A, R, G, B and T", rest.front());
    }
    if (problem) return problem;
  }
  return "the pose lacks Tnnn at its end: the firmware would wait for it for ever";
}

std::optional<std::string> validate_bytes(std::string_view command) {
  for (const char c : command) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      return "it is not plain ASCII: the firmware knows no full-width letters or digits";
    }
    if (c <= ' ' || c == 0x7f) return "it holds a blank, a line end or a control character";
  }
  if (command.find('#', 1) != std::string_view::npos) return "it holds more than one command";
  if (command.size() > kMaxCommand) return fmt::format("it has more than {} bytes", kMaxCommand);
  return std::nullopt;
}

struct Shape {
  std::string_view shape;  // '9' stands for any digit
  RapiroReply::Kind kind;
};

constexpr std::array<Shape, 8> kShapes = {{
    {"#M9", RapiroReply::Kind::motion},
    {"#PT999", RapiroReply::Kind::pose},
    {"#QM9T999", RapiroReply::Kind::motion_status},
    {"#QPT999", RapiroReply::Kind::pose_status},
    {"#C0", RapiroReply::Kind::buffer_free},
    {"#CF", RapiroReply::Kind::buffer_full},
    {"#EM", RapiroReply::Kind::motion_error},
    {"#EP", RapiroReply::Kind::pose_error},
}};
constexpr std::string_view kBareError = "#E";

/// The reply whose beginning `text` is, or null.
const Shape* shape_of(std::string_view text) {
  for (const Shape& candidate : kShapes) {
    bool fits = text.size() <= candidate.shape.size();
    for (std::size_t i = 0; fits && i < text.size(); ++i) {
      fits = candidate.shape[i] == '9' ? is_digit(text[i]) : candidate.shape[i] == text[i];
    }
    if (fits) return &candidate;
  }
  return nullptr;
}

/// What a pose moves: "S07", "R" and so on.
std::set<std::string_view> fields_of(std::string_view pose) {
  constexpr std::size_t kServo = 3;
  std::set<std::string_view> fields;
  for (std::string_view rest = pose.substr(2); rest.front() != 'T';) {
    const bool servo = rest.front() == 'S';
    fields.insert(rest.substr(0, servo ? kServo : 1));
    rest.remove_prefix(servo ? kServo + 4 : 4);
  }
  return fields;
}

}  // namespace

std::optional<std::string> validate_command(std::string_view command) {
  if (command.empty()) return "it is empty";
  if (command.front() != '#') return "it does not begin with '#'";
  if (auto problem = validate_bytes(command)) return problem;
  if (command == "#") return "\"#\" alone leaves the firmware waiting for ever";
  const std::string_view rest = command.substr(2);
  switch (command[1]) {
    case 'M':
      return validate_motion(rest);
    case 'P':
      return validate_pose(rest);
    case 'Q':
    case 'C':
      if (rest.empty()) return std::nullopt;
      return fmt::format("nothing may follow {}", command.substr(0, 2));
    default:
      return fmt::format("there is no command #{}, only #M, #P, #Q and #C", command[1]);
  }
}

bool replaces(std::string_view newer, std::string_view older) {
  if (newer[1] != older[1]) return false;
  if (newer[1] == 'M') return true;
  if (newer[1] != 'P') return false;
  const auto fields = fields_of(newer);
  const auto others = fields_of(older);
  return std::includes(fields.begin(), fields.end(), others.begin(), others.end());
}

bool reply_answers(std::string_view command, const RapiroReply& reply) {
  using Kind = RapiroReply::Kind;
  switch (command[1]) {
    case 'M':
      return reply.kind == Kind::motion && reply.text == command;
    case 'P':
      return reply.kind == Kind::pose && reply.text.substr(2) == command.substr(command.size() - 4);
    case 'Q':
      return reply.kind == Kind::motion_status || reply.kind == Kind::pose_status;
    case 'C':
      return reply.kind == Kind::buffer_free || reply.kind == Kind::buffer_full;
    default:
      return false;
  }
}

void RapiroReplyParser::feed(std::string_view bytes, TimePoint now) {
  flush(now);  // a silence that ended before these bytes came
  for (const char byte : bytes) take(byte);
  if (!bytes.empty()) last_byte_ = now;
}

std::optional<RapiroReply> RapiroReplyParser::next() {
  if (ready_.empty()) return std::nullopt;
  RapiroReply reply = std::move(ready_.front());
  ready_.pop_front();
  return reply;
}

std::optional<RapiroReplyParser::TimePoint> RapiroReplyParser::pending_until() const {
  if (partial_ != kBareError) return std::nullopt;
  return last_byte_ + kSilence;
}

void RapiroReplyParser::flush(TimePoint now) {
  const auto until = pending_until();
  if (!until || now < *until) return;
  ready_.push_back({RapiroReply::Kind::command_error, std::move(partial_)});
  partial_.clear();
}

void RapiroReplyParser::reset() {
  partial_.clear();
  ready_.clear();
}

void RapiroReplyParser::take(char byte) {
  partial_.push_back(byte);
  if (const Shape* shape = shape_of(partial_)) {
    if (partial_.size() < shape->shape.size()) return;
    ready_.push_back({shape->kind, std::move(partial_)});
    partial_.clear();
    return;
  }
  partial_.pop_back();
  if (partial_ == kBareError) {
    ready_.push_back({RapiroReply::Kind::command_error, std::move(partial_)});
  } else {
    noise_ += partial_.size();
  }
  partial_.clear();
  if (byte == '#') {
    partial_.push_back(byte);
  } else {
    ++noise_;
  }
}

}  // namespace bunshin
