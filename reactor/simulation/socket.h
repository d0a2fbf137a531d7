#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "reactor/simulation/node.h"
#include "reactor/socket_address.h"

namespace bunshin::simulation {

/// A stream socket, which may be a listener.
class Socket final : public End {
 public:
  Socket(World& world, Process& process, Kind kind, std::size_t capacity);

  [[nodiscard]] std::uint8_t state() const override;
  void close() override;
  [[nodiscard]] bool is_socket() const override { return true; }

  int bind(const SocketAddress& address);
  int listen(int backlog);
  int start_connect(const SocketAddress& address);
  /// The next connection, or none and errno.
  std::shared_ptr<Socket> accept(int& error);
  bool shut_down();
  int take_error();
  /// The connection is over, for both: as a reset that comes from the network.
  void reset();

  [[nodiscard]] bool listens() const { return mode_ == Mode::listening; }
  [[nodiscard]] bool connected() const { return mode_ == Mode::connected; }
  /// What is sent in small pieces does not wait (TCP_NODELAY). Accepted ones inherit it.
  void set_no_delay() { no_delay_ = true; }
  [[nodiscard]] bool no_delay() const { return no_delay_; }
  [[nodiscard]] const SocketAddress& local() const { return local_; }
  [[nodiscard]] const SocketAddress& peer() const { return peer_; }

 private:
  enum class Mode : std::uint8_t { fresh, listening, connecting, connected, failed };
  [[nodiscard]] Duration travel(std::size_t) const override;
  void arrived_at_nobody() override;
  bool cut() override;
  [[nodiscard]] bool gives_parts() const override { return kind_ == Kind::unix_stream; }
  IoResult instead_of_bytes() override;
  IoResult refuse_to_send() override;
  void arrive_at_listener();
  void fail_to_connect(int error);
  void be_reset();

  const Kind kind_;
  Mode mode_ = Mode::fresh;
  SocketAddress local_;
  SocketAddress peer_;
  int error_ = 0;
  bool reset_ = false;
  bool no_delay_ = false;
  bool shut_ = false;  // sends no more
  std::size_t backlog_ = 0;
  std::deque<std::shared_ptr<Socket>> waiting_;
};

}  // namespace bunshin::simulation
