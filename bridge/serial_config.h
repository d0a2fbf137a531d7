#pragma once

#include <chrono>
#include <string>

namespace bunshin {

/// [serial]: the robot's line.
struct SerialConfig {
  std::string device = "/dev/ttyAMA0";
  int baud = 57600;   ///< see is_baud()
  bool hupcl = true;  ///< whether closing the line drops DTR; see LineSettings
  /// How long a board that is reset by being opened is left alone: until then nothing is written,
  /// and what it says is dropped.
  std::chrono::milliseconds settle{0};
  bool operator==(const SerialConfig&) const = default;
};

}  // namespace bunshin
