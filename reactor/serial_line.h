#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "reactor/unique_fd.h"

namespace bunshin {

/// Whether termios(3) names this many baud (B57600 and so on): any UART has these. Others are up to
/// the driver.
bool is_standard_baud(std::int64_t baud);
/// Whether a line can be that fast at all: 1 to 20,000,000.
bool is_baud(std::int64_t baud);

/// How a serial line is set.
struct LineSettings {
  int baud = 57600;  ///< see is_baud()
  /// Whether DTR is dropped when the line is closed (HUPCL), which resets an Arduino the next time
  /// it is opened. The very first opening raises DTR all the same.
  bool hang_up_on_close = true;
};

/// One serial line that is open and ours: raw, 8 data bits, no parity, 1 stop bit, no modem control
/// lines, reads that give what is there. While it lives nobody else who asks (flock) or is no
/// administrator (TIOCEXCL) gets the line; when it is destroyed the line is given back as it was.
/// Any thread, one at a time.
class SerialLine {
 public:
  SerialLine() = default;
  virtual ~SerialLine() = default;
  SerialLine(const SerialLine&) = delete;
  SerialLine& operator=(const SerialLine&) = delete;

  /// Another descriptor of the line, non-blocking, for whoever reads and writes. One of our own
  /// stays behind, so that the line is restored whatever became of that. Throws std::system_error.
  [[nodiscard]] virtual UniqueFd duplicate() const = 0;
  /// Bytes that were taken and that the line has not carried yet; 0 when it hung up.
  [[nodiscard]] virtual int unsent() const = 0;
};

/// The tty `device` of this machine. Never waits for a carrier. Throws std::system_error with a
/// sentence that says what to do. REQUIRES: is_baud(settings.baud).
std::unique_ptr<SerialLine> open_serial_line(const std::string& device,
                                             const LineSettings& settings);

}  // namespace bunshin
