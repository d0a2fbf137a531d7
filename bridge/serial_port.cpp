#include "bridge/serial_port.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "reactor/broken.h"
#include "reactor/error.h"
#include "reactor/log.h"

namespace bunshin {
namespace {

constexpr std::size_t kReadSize = 4096;  // all that the input queue of a Linux tty holds
/// Nothing tells when a UART has sent its last byte; 57 bytes take so long at 57600 baud.
constexpr auto kSentPoll = std::chrono::milliseconds(10);

}  // namespace

SerialPort::SerialPort(Reactor& reactor, std::string device, int baud, Backoff::Limits retry)
    : BufferedDispatcher(reactor),
      device_(std::move(device)),
      baud_(baud),
      retry_(*this, retry, &SerialPort::open_again) {}

void SerialPort::begin(AtStart at_start) {
  try {
    open();
  } catch (const std::system_error& error) {
    if (at_start == AtStart::fail || error.code().value() == ENOTTY) throw;
    tell_failure(error.what());
    retry_.schedule();
  }
}

void SerialPort::open() {
  auto line = reactor().host().open_line(device_, {baud_});
  reactor().add(*this, line->duplicate(), Kind::file);
  line_ = std::move(line);
  retry_.succeeded();
  told_away_ = false;
  reason_.clear();
  log(LogLevel::info, "the serial line {} is open {}at {} baud", device_,
      std::exchange(was_open_, true) ? "again " : "", baud_);
  handle_opened();
}

void SerialPort::open_again() {
  try {
    open();
  } catch (const std::system_error& error) {
    tell_failure(error.what());
    retry_.schedule();
  }
}

/// Once, and again when the reason is another one. (After a hang-up the first is none: that the
/// line is away was told.)
void SerialPort::tell_failure(const std::string& reason) {
  const bool news = !told_away_ || (!reason_.empty() && reason != reason_);
  log(news ? LogLevel::warning : LogLevel::debug, "{}; trying again", reason);
  told_away_ = true;
  reason_ = reason;
}

void SerialPort::use(const std::string& device, int baud) {
  if (device == device_ && baud == baud_) return;
  device_ = device;
  baud_ = baud;
  disconnect();
  if (std::exchange(line_, nullptr)) handle_hung_up();
  was_open_ = told_away_ = false;
  reason_.clear();
  retry_.try_at_once();
}

void SerialPort::handle_read() {
  const std::string_view bytes = recv(kReadSize);
  if (!bytes.empty()) handle_received(bytes);
}

void SerialPort::handle_close() {
  const std::string reason = error() != 0 ? error_text(error()) : "end of file";
  const std::size_t lost = buffered();
  disconnect();
  line_.reset();
  log(LogLevel::warning, "the serial line {} hung up ({}), {} bytes unsent{}", device_, reason,
      lost, finishing_ ? "" : "; waiting for it to come back");
  told_away_ = true;
  handle_hung_up();
  if (finishing_) return close();
  if (!broken("open_again")) retry_.schedule();
}

void SerialPort::handle_finish() {
  finishing_ = true;
  close_when_sent();
}

std::string SerialPort::status() const {
  return fmt::format("the serial line {} at {} baud: {}", device_, baud_,
                     is_open() ? "open" : "away");
}

bool SerialPort::all_sent() const { return !line_ || (buffered() == 0 && line_->unsent() == 0); }

void SerialPort::close_when_sent() {
  if (all_sent()) return close();
  sent_timer_.arm(kSentPoll);
}

}  // namespace bunshin
