#include "bridge/serial_port.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "bridge/name_watch.h"
#include "reactor/broken.h"
#include "reactor/error.h"
#include "reactor/log.h"

namespace bunshin {
namespace {

constexpr std::size_t kReadSize = 4096;  // all that the input queue of a Linux tty holds
/// Nothing tells when a UART has sent its last byte; 57 bytes take so long at 57600 baud.
constexpr auto kSentPoll = std::chrono::milliseconds(10);

/// udev makes a name and says who may open it a moment later.
constexpr auto kNameSettles = std::chrono::milliseconds(100);

}  // namespace

SerialPort::SerialPort(Reactor& reactor, SerialConfig config, Backoff::Limits retry)
    : BufferedDispatcher(reactor),
      config_(std::move(config)),
      retry_(*this, retry, &SerialPort::open_again) {}

SerialPort::~SerialPort() {
  if (watch_ != nullptr) watch_->leave();
}

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
  auto line = reactor().host().open_line(config_.device, {config_.baud, config_.hupcl});
  reactor().add(*this, line->duplicate(), Kind::file);
  line_ = std::move(line);
  retry_.succeeded();
  told_away_ = false;
  reason_.clear();
  log(LogLevel::info, "the serial line {} is open {}at {} baud{}", config_.device,
      std::exchange(was_open_, true) ? "again " : "", config_.baud,
      config_.settle.count() > 0 ? fmt::format(", and left alone for {} ms", config_.settle.count())
                                 : "");
  if (config_.settle.count() == 0) return be_ready();
  settle_timer_.arm(config_.settle);
}

void SerialPort::be_ready() {
  ready_ = true;
  handle_opened();
}

/// A name that comes while it is tried is told by a watch that was there before.
void SerialPort::open_again() {
  try {
    watch_name();
    open();
    if (watch_ != nullptr) watch_->leave();
  } catch (const std::system_error& error) {
    tell_failure(error.what());
    retry_.schedule();
  }
}

/// Anew each time: what can be watched of the way to the name is another thing now.
void SerialPort::watch_name() {
  if (watch_ != nullptr) watch_->leave();
  UniqueFd watch = reactor().host().watch_path(config_.device);
  if (!watch) return;
  reactor().emplace<NameWatch>(std::move(watch), watch_, [this] { retry_.try_soon(kNameSettles); });
}

/// The line is gone, or is to be another one.
void SerialPort::let_go() {
  disconnect();
  line_.reset();
  settle_timer_.cancel();
  if (std::exchange(ready_, false)) handle_hung_up();
}

/// Once, and again when the reason is another one. (After a hang-up the first is none: that the
/// line is away was told.)
void SerialPort::tell_failure(const std::string& reason) {
  const bool news = !told_away_ || (!reason_.empty() && reason != reason_);
  log(news ? LogLevel::warning : LogLevel::debug, "{}; trying again", reason);
  told_away_ = true;
  reason_ = reason;
}

void SerialPort::use(const SerialConfig& config) {
  if (config == config_) return;
  config_ = config;
  let_go();
  was_open_ = told_away_ = false;
  reason_.clear();
  retry_.try_at_once();
}

void SerialPort::handle_read() {
  const std::string_view bytes = recv(kReadSize);
  if (bytes.empty() || !ready_) return;
  retry_.brought_something();
  handle_received(bytes);
}

void SerialPort::handle_close() {
  const std::string reason = error() != 0 ? error_text(error()) : "end of file";
  log(LogLevel::warning, "the serial line {} hung up ({}), {} bytes unsent{}", config_.device,
      reason, buffered(), finishing_ ? "" : "; waiting for it to come back");
  told_away_ = true;
  let_go();
  if (finishing_) return close();
  if (!broken("open_again")) retry_.schedule();
}

void SerialPort::handle_finish() {
  finishing_ = true;
  close_when_sent();
}

std::string SerialPort::status() const {
  return fmt::format("the serial line {} at {} baud: {}", config_.device, config_.baud,
                     ready_  ? "open"
                     : line_ ? "starting"
                             : "away");
}

bool SerialPort::all_sent() const { return !line_ || (buffered() == 0 && line_->unsent() == 0); }

void SerialPort::close_when_sent() {
  if (all_sent()) return close();
  sent_timer_.arm(kSentPoll);
}

}  // namespace bunshin
