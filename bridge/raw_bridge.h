#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/bridge_control.h"
#include "bridge/reconnecting_client.h"
#include "bridge/serial_port.h"

namespace bunshin {

/// Which bytes a raw bridge carries. Julius reads commands from its socket, so what a robot says is
/// not for it.
enum class RawDirection {
  to_line,    ///< from the socket to the line, as rapiro.py does; what the line says is dropped
  both_ways,  ///< and back: what the line says while nobody is connected is dropped
};

class RawBridge;

/// The serial side of a raw bridge: says whether it can take more.
class RawSerial : public SerialPort {
 public:
  using SerialPort::SerialPort;

  /// False while the line is away, and between its high watermark and its low one.
  [[nodiscard]] bool wants_more() const { return is_open() && !full_; }
  /// Where what the line says goes from now on: at first, and with nullptr, nowhere. Not owned.
  void answer(RawBridge* peer) { peer_ = peer; }
  /// Whether the peer keeps up.
  void hold_answers(bool hold) { held_ = hold; }

  bool readable() override { return !held_; }
  void handle_full() override { full_ = true; }
  void handle_drained() override { full_ = false; }

 protected:
  void handle_received(std::string_view bytes) override;
  void handle_hung_up() override { full_ = false; }

 private:
  RawBridge* peer_ = nullptr;
  bool full_ = false;
  bool held_ = false;
};

/// Carries every byte of a socket to a serial line, or both ways, and reads no faster than the
/// other side takes: memory is bounded, the sender waits. Both ways, a peer that has ended sending
/// still gets the answer: it is left when nothing has moved on the line for a second, or after a
/// minute. Owned by its reactor, as the line it opens is, in whose thread all members are called.
class RawBridge : public ReconnectingClient, public BridgeControl {
 public:
  /// Throws std::system_error for a line that can not be had and is not waited for.
  RawBridge(Reactor& reactor, Endpoint endpoint, const SerialConfig& line,
            RawDirection direction = RawDirection::to_line, Backoff::Limits retry = {},
            AtStart at_start = AtStart::wait);

  [[nodiscard]] std::uint64_t carried() const { return carried_; }  // bytes to the line, so far

  void configure(const BridgeConfig& config) override;
  [[nodiscard]] std::vector<std::string> status() const override;
  /// What the line says goes to the peer.
  void carry_back(std::string_view bytes);

  bool readable() override { return finishing() || line_.wants_more(); }
  [[nodiscard]] bool owes() const override { return lingering_ || ReconnectingClient::owes(); }
  void handle_read() override;
  void handle_full() override { line_.hold_answers(true); }
  void handle_drained() override;
  void handle_finish() override;

 protected:
  void handle_disconnected() override;

 private:
  void linger();
  void wait_for_silence();
  void silent();

  RawSerial& line_;  // once we are finishing it may be gone
  const RawDirection direction_;
  std::uint64_t carried_ = 0;
  bool lingering_ = false;  // the peer has ended, and the line may still answer
  TimePoint linger_until_{};
  Timer silence_timer_{*this, &RawBridge::silent};
};

}  // namespace bunshin
