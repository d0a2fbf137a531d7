#pragma once

#include <string_view>

namespace bunshin {

/// What a robot's queue of commands has to tell. Every command handed over ends in exactly one of
/// answered(), gave_up(), dropped() or refused(). An observer must not call the queue back.
class RobotObserver {
 public:
  virtual ~RobotObserver() = default;

  /// These two are also called for what the queue asks of its own accord, a Rapiro's "#C".
  virtual void sent(std::string_view /*command*/) {}
  virtual void answered(std::string_view /*command*/, std::string_view /*reply*/) {}

  /// One failure more: "no reply in 1000 ms", "answered #EP". It is sent again after that.
  virtual void retrying(std::string_view /*command*/, std::string_view /*reason*/) {}
  virtual void gave_up(std::string_view /*command*/, std::string_view /*reason*/) {}
  /// "#M0 goes ahead"; "the line was away for longer than 3000 ms".
  virtual void dropped(std::string_view /*command*/, std::string_view /*reason*/) {}
  virtual void refused(std::string_view /*command*/, std::string_view /*reason*/) {}
  virtual void resynchronised() {}                        // the parser of the robot is in step
  virtual void unexpected(std::string_view /*reply*/) {}  // nobody had asked

  /// The line can be used, and no longer.
  virtual void line_opened() {}
  virtual void line_lost() {}

  /// Nothing that answers is at the other end of a line that is open, told once; and that it
  /// answers after all.
  virtual void robot_away(std::string_view /*reason*/) {}
  virtual void robot_back() {}
};

}  // namespace bunshin
