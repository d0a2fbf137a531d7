#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bunshin {

/// What a person would see of the robot.
struct RapiroView {
  using Colour = std::array<std::uint8_t, 3>;  // red, green, blue

  bool posing = false;                     // holds or moves to a pose; else loops a motion
  int motion = 0;                          // meaningless while posing
  int frame = 0;                           // of the motion, 0 to 7
  std::chrono::milliseconds remaining{0};  // of the frame or the fade
  bool pose_waits = false;                 // in the one-pose buffer
  bool frozen = false;                     // stuck in the middle of a command
  Colour eyes{};
};

/// Behaves as Rapiro's stock firmware (RAPIRO_ver0_0) does on its serial line: replies, frame
/// times, the one-pose buffer, and standing still in the middle of a command. Servo angles are
/// checked, not modelled; replies come at once, without the 0.2 ms a byte takes.
/// A plain state machine: time is passed in and must not run backwards.
class RapiroFirmware {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit RapiroFirmware(TimePoint power_on);

  /// What it answers to these bytes; may be empty.
  std::string received(std::string_view bytes, TimePoint now);

  RapiroView view(TimePoint now);
  /// A pose reached with none waiting, or #M0's own frame played to its end. Other motions loop.
  bool at_rest(TimePoint now);
  /// When the running frame or fade ends; nothing while frozen or holding a pose.
  std::optional<TimePoint> next_change(TimePoint now);

 private:
  enum class Parser {
    outside,
    letter,        // after '#'
    motion_digit,  // after "#M"
    pose,          // where S, R, G, B or T may come
    servo_tens,    // after 'S'
    servo_ones,
    servo_a,  // where 'A' must come
    number,   // three digits, for field_
  };

  void advance(TimePoint now);
  void thaw(TimePoint now);
  void next_frame(TimePoint start);
  void start_fade(TimePoint start);
  RapiroView::Colour eyes_at(TimePoint now) const;

  std::string take(char byte, TimePoint now);
  std::string take_letter(char byte, TimePoint now);
  std::string take_motion_digit(char byte);
  std::string take_pose(char byte);
  std::string take_servo(char byte);
  std::string take_digit(char byte);
  std::string end_number();
  std::string status(TimePoint now) const;
  std::string answer(std::string text);
  void expect_number(char field, int maximum);

  // The parser of commands.
  Parser parser_ = Parser::outside;
  char field_ = 0;  // 'A', 'R', 'G', 'B' or 'T'
  int number_ = 0;
  int maximum_ = 0;
  int digits_ = 0;
  RapiroView::Colour read_eyes_{};  // of the pose being read

  // The body.
  bool posing_ = false;
  int motion_ = 0;
  int frame_ = 0;
  int playing_ = -1;      // motion the running frame belongs to; -1: a pose or none
  bool stopped_ = false;  // a frame of #M0 was played to its end
  int buffer_time_ = 0;   // tenths of a second; above 0: a pose waits
  RapiroView::Colour buffer_eyes_{};
  RapiroView::Colour from_eyes_{};
  RapiroView::Colour target_eyes_{};
  TimePoint fade_start_;
  TimePoint fade_end_;
  TimePoint last_step_;  // until when the body has moved: it stands still while frozen
};

}  // namespace bunshin
