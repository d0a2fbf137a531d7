#include "bridge/rapiro_firmware.h"

#include <fmt/format.h>

#include <algorithm>

namespace bunshin {
namespace {

using std::chrono::milliseconds;
using Colour = RapiroView::Colour;

constexpr int kFrames = 8;
constexpr int kServos = 12;
constexpr milliseconds kTenth{100};

constexpr Colour kOff{0, 0, 0};
constexpr Colour kRed{255, 0, 0};
constexpr Colour kGreen{0, 255, 0};
constexpr Colour kBlue{0, 0, 255};
constexpr Colour kYellow{255, 255, 0};

struct Frame {
  int tenths = 0;  // 0: skipped
  Colour eyes = kOff;
};

/// Times and eye colours of the motions #M0 to #M9; what is not listed is a frame of no time.
constexpr std::array<std::array<Frame, kFrames>, 10> kMotions = {{
    {{{10, kBlue}}},
    {{{5, kOff}, {5, kBlue}, {5, kBlue}, {5, kOff}, {5, kBlue}, {5, kBlue}}},
    {{{5, kOff}, {5, kBlue}, {5, kBlue}, {5, kOff}, {5, kBlue}, {5, kBlue}}},
    {{{5, kOff}, {5, kBlue}, {5, kOff}, {5, kBlue}, {5, kOff}, {5, kBlue}}},
    {{{5, kOff}, {5, kBlue}, {5, kOff}, {5, kBlue}, {5, kOff}, {5, kBlue}}},
    {{{10, kOff}, {5, kGreen}, {5, kGreen}, {5, kOff}, {10, kGreen}, {5, kGreen}}},
    {{{7, kYellow}, {7, kYellow}}},
    {{{10, kBlue},
      {5, kBlue},
      {5, kBlue},
      {5, kBlue},
      {15, kBlue},
      {3, kBlue},
      {3, kBlue},
      {3, kBlue}}},
    {{{7, kRed}, {7, kRed}}},
    {{{10, kOff}, {5, kBlue}, {25, kBlue}, {5, kOff}, {10, kBlue}, {25, kBlue}}},
}};

bool is_digit(char c) { return '0' <= c && c <= '9'; }

}  // namespace

RapiroFirmware::RapiroFirmware(TimePoint power_on)
    : fade_start_(power_on), fade_end_(power_on), last_step_(power_on) {
  advance(power_on);
}

std::string RapiroFirmware::received(std::string_view bytes, TimePoint now) {
  std::string replies;
  for (const char byte : bytes) {
    advance(now);
    replies += take(byte, now);
    if (parser_ == Parser::outside) thaw(now);
  }
  advance(now);
  return replies;
}

RapiroView RapiroFirmware::view(TimePoint now) {
  advance(now);
  RapiroView view;
  view.posing = posing_;
  view.motion = motion_;
  view.frame = frame_;
  view.remaining =
      std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(fade_end_ - last_step_));
  view.pose_waits = buffer_time_ > 0;
  view.frozen = parser_ != Parser::outside;
  view.eyes = eyes_at(last_step_);
  return view;
}

bool RapiroFirmware::at_rest(TimePoint now) {
  advance(now);
  if (parser_ != Parser::outside) return false;
  if (posing_) return buffer_time_ == 0 && fade_end_ <= now;
  return motion_ == 0 && stopped_;
}

std::optional<RapiroFirmware::TimePoint> RapiroFirmware::next_change(TimePoint now) {
  advance(now);
  if (parser_ != Parser::outside || fade_end_ <= now) return std::nullopt;
  return fade_end_;
}

/// While a command is being read the firmware does nothing else, so a frame whose time is up ends
/// only when the command does.
void RapiroFirmware::advance(TimePoint now) {
  if (parser_ != Parser::outside) return;
  while (fade_end_ <= now) {
    const TimePoint start = std::max(fade_end_, last_step_);
    if (playing_ == 0 && motion_ == 0) stopped_ = true;
    if (!posing_) {
      next_frame(start);
    } else if (buffer_time_ > 0) {
      playing_ = -1;
      start_fade(start);
    } else {
      break;
    }
  }
  last_step_ = std::max(last_step_, now);
}

/// A fade whose time ran out while the firmware was reading stops short of its target.
void RapiroFirmware::thaw(TimePoint now) {
  if (fade_end_ <= now) target_eyes_ = eyes_at(last_step_);
  last_step_ = std::max(last_step_, now);
}

/// Goes on with the next number whatever motion it now is; a pose that waited is overwritten.
void RapiroFirmware::next_frame(TimePoint start) {
  do {
    frame_ = (frame_ + 1) % kFrames;
    const Frame& frame =
        kMotions[static_cast<std::size_t>(motion_)][static_cast<std::size_t>(frame_)];
    buffer_time_ = frame.tenths;
    buffer_eyes_ = frame.eyes;
  } while (buffer_time_ == 0);
  playing_ = motion_;
  start_fade(start);
}

void RapiroFirmware::start_fade(TimePoint start) {
  from_eyes_ = target_eyes_;
  target_eyes_ = buffer_eyes_;
  fade_start_ = start;
  fade_end_ = start + buffer_time_ * kTenth;
  buffer_time_ = 0;
}

RapiroView::Colour RapiroFirmware::eyes_at(TimePoint now) const {
  if (now >= fade_end_) return target_eyes_;
  const double part = std::chrono::duration<double>(now - fade_start_) /
                      std::chrono::duration<double>(fade_end_ - fade_start_);
  Colour eyes{};
  for (std::size_t i = 0; i < eyes.size(); ++i) {
    eyes[i] = static_cast<std::uint8_t>(from_eyes_[i] + part * (target_eyes_[i] - from_eyes_[i]));
  }
  return eyes;
}

std::string RapiroFirmware::take(char byte, TimePoint now) {
  switch (parser_) {
    case Parser::outside:
      if (byte == '#') parser_ = Parser::letter;
      return {};
    case Parser::letter:
      return take_letter(byte, now);
    case Parser::motion_digit:
      return take_motion_digit(byte);
    case Parser::pose:
      return take_pose(byte);
    case Parser::servo_tens:
    case Parser::servo_ones:
    case Parser::servo_a:
      return take_servo(byte);
    case Parser::number:
      return take_digit(byte);
  }
  return {};
}

std::string RapiroFirmware::answer(std::string text) {
  parser_ = Parser::outside;
  return text;
}

std::string RapiroFirmware::take_letter(char byte, TimePoint now) {
  switch (byte) {
    case 'M':
      parser_ = Parser::motion_digit;
      return {};
    case 'P':
      if (buffer_time_ > 0) return answer("#EP");  // at once: the rest falls outside a command
      read_eyes_ = buffer_eyes_;
      parser_ = Parser::pose;
      return {};
    case 'Q':
      return answer(status(now));
    case 'C':
      return answer(buffer_time_ > 0 ? "#CF" : "#C0");
    case 'S':  // servo power off: it says nothing to that
      return answer({});
    default:
      return answer("#E");
  }
}

std::string RapiroFirmware::take_motion_digit(char byte) {
  if (!is_digit(byte)) return answer("#EM");
  motion_ = byte - '0';
  posing_ = false;
  stopped_ = false;
  return answer(fmt::format("#M{}", motion_));
}

std::string RapiroFirmware::take_pose(char byte) {
  switch (byte) {
    case 'S':
      parser_ = Parser::servo_tens;
      return {};
    case 'R':
    case 'G':
    case 'B':
    case 'T':
      expect_number(byte, 255);
      return {};
    default:
      return answer("#EP");
  }
}

std::string RapiroFirmware::take_servo(char byte) {
  if (parser_ == Parser::servo_a) {
    if (byte != 'A') return answer("#EP");
    expect_number('A', 180);
  } else if (!is_digit(byte)) {
    parser_ = Parser::pose;  // a slip of the firmware: it forgets the S and reads on
  } else if (parser_ == Parser::servo_tens) {
    number_ = byte - '0';
    parser_ = Parser::servo_ones;
  } else {
    number_ = number_ * 10 + (byte - '0');
    if (number_ >= kServos) return answer("#EP");
    parser_ = Parser::servo_a;
  }
  return {};
}

void RapiroFirmware::expect_number(char field, int maximum) {
  parser_ = Parser::number;
  field_ = field;
  maximum_ = maximum;
  number_ = 0;
  digits_ = 0;
}

std::string RapiroFirmware::take_digit(char byte) {
  if (!is_digit(byte)) return answer("#EP");
  number_ = number_ * 10 + (byte - '0');
  if (++digits_ < 3) return {};
  if (number_ > maximum_) return answer("#EP");
  return end_number();
}

std::string RapiroFirmware::end_number() {
  parser_ = Parser::pose;
  const auto value = static_cast<std::uint8_t>(number_);
  if (field_ == 'R') read_eyes_[0] = value;
  if (field_ == 'G') read_eyes_[1] = value;
  if (field_ == 'B') read_eyes_[2] = value;
  if (field_ != 'T') return {};
  if (number_ > 0) {  // T000 buffers nothing, but ends a motion all the same
    buffer_time_ = number_;
    buffer_eyes_ = read_eyes_;
  }
  posing_ = true;
  return answer(fmt::format("#PT{:03}", number_));
}

std::string RapiroFirmware::status(TimePoint now) const {
  const auto left = std::max(fade_end_ - now, TimePoint::duration(0)) / kTenth;
  if (posing_) return fmt::format("#QPT{:03}", left);
  return fmt::format("#QM{}T{:03}", motion_, left);
}

}  // namespace bunshin
