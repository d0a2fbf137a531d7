#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bridge/retry.h"
#include "bridge/serial_config.h"
#include "handlers/buffered_dispatcher.h"
#include "reactor/serial_line.h"
#include "reactor/timer.h"

namespace bunshin {

/// What becomes of a line that can not be had at the start.
enum class AtStart : std::uint8_t {
  wait,  ///< it is told once, and waited for
  fail   ///< std::system_error
};

class NameWatch;

/// A serial line in the reactor, beside the sockets: see SerialLine for how it is opened. A line
/// that hung up (unplugged, say) is opened again, for ever, with one log line a change of state:
/// as soon as its name is there again, where the system tells (Host::watch_path), and after a
/// back-off all the same. Owned by its reactor (make it with Reactor::emplace), in whose thread all
/// members are called.
class SerialPort : public BufferedDispatcher {
 public:
  static constexpr Backoff::Limits kRetryLimits{std::chrono::milliseconds(500),
                                                std::chrono::seconds(5)};

  /// REQUIRES: is_baud(config.baud).
  SerialPort(Reactor& reactor, SerialConfig config, Backoff::Limits retry = kRetryLimits);
  ~SerialPort() override;

  /// The first opening, which is told. What is no tty is never waited for. Throws
  /// std::system_error. REQUIRES: not open.
  void begin(AtStart at_start);
  /// Another line from now on: the one before is given back, unless it is the same. One that cannot
  /// be had is waited for. REQUIRES: is_baud(config.baud).
  void use(const SerialConfig& config);
  /// Open, and the time a board needs (SerialConfig::settle) is over.
  [[nodiscard]] bool is_open() const { return ready_; }
  [[nodiscard]] const std::string& device() const { return config_.device; }
  /// Which line it is and how it stands, for a person.
  [[nodiscard]] std::string status() const;
  /// Whether everything has left the line, or never will because the line is away.
  [[nodiscard]] bool all_sent() const;

  /// Small: a robot is to do what was said just now. 4 KiB take 0.7 s at 57600 baud.
  [[nodiscard]] Watermarks watermarks() const override { return {4096, 1024}; }
  /// Full output does not stop the input: the line has two directions.
  void handle_full() override {}
  void handle_drained() override {}

  void handle_read() override;
  void handle_close() override;
  /// Closes when everything has left the line.
  void handle_finish() override;

 protected:
  /// The line can be used, for the first time or again; nothing is in its buffer.
  virtual void handle_opened() {}
  virtual void handle_received(std::string_view bytes) = 0;
  /// The line is gone, and what was buffered with it.
  virtual void handle_hung_up() {}

 private:
  void open();
  void be_ready();
  void open_again();
  void watch_name();
  void let_go();
  void tell_failure(const std::string& reason);
  void close_when_sent();

  SerialConfig config_;
  std::unique_ptr<SerialLine> line_;
  bool ready_ = false;
  Retry retry_;
  NameWatch* watch_ = nullptr;  // the reactor's; while the line is away
  bool was_open_ = false;
  bool told_away_ = false;
  std::string reason_;  // why it could not be opened the last time
  bool finishing_ = false;
  Timer settle_timer_{*this, &SerialPort::be_ready};
  Timer sent_timer_{*this, &SerialPort::close_when_sent};
};

}  // namespace bunshin
