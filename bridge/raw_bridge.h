#pragma once

#include <cstdint>
#include <string>

#include "bridge/reconnecting_client.h"
#include "bridge/serial_port.h"

namespace bunshin {

/// The serial side of a raw bridge: says whether it can take more. What the line says is dropped.
class RawSerial : public SerialPort {
 public:
  using SerialPort::SerialPort;

  /// False while the line is away, and between its high watermark and its low one.
  [[nodiscard]] bool wants_more() const { return is_open() && !full_; }
  void handle_full() override { full_ = true; }
  void handle_drained() override { full_ = false; }

 protected:
  void handle_received(std::string_view bytes) override;
  void handle_hung_up() override { full_ = false; }

 private:
  bool full_ = false;
};

/// Carries every byte of a socket to a serial line, as rapiro.py does, and reads no faster than the
/// line carries: memory is bounded, the sender waits. Owned by its reactor, as the line it opens
/// is, in whose thread all members are called.
class RawBridge : public ReconnectingClient {
 public:
  /// Throws std::system_error.
  RawBridge(Reactor& reactor, Endpoint endpoint, const std::string& device, int baud,
            Backoff::Limits retry = {});

  [[nodiscard]] std::uint64_t carried() const { return carried_; }  // bytes, so far

  bool readable() override { return finishing() || line_.wants_more(); }
  void handle_read() override;

 private:
  RawSerial& line_;
  std::uint64_t carried_ = 0;
};

}  // namespace bunshin
