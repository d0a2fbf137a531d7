#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/micro/support.h"

namespace bunshin::micro {

/// Many connections to an echo server, each with one message under way. Answers are read in the
/// order of the sends, so that a message costs two system calls and no waiting function: a client
/// that costs as much as the server is soon the limit. One thread.
class EchoClient {
 public:
  /// Connects and sends the first messages. Throws std::system_error.
  EchoClient(const SocketAddress& server, std::size_t connections, std::size_t message_bytes);

  /// Reads the next answer to its end and sends that connection's next message. Throws when the
  /// server has closed or is silent for ten seconds.
  void complete_one();
  /// Begins to measure; so many messages are expected.
  void begin(std::size_t messages);

  /// Nanoseconds from before the send to after the last byte, of each message since begin().
  [[nodiscard]] std::vector<std::uint32_t>& latencies() { return latencies_; }
  /// For how long the next answer was not there yet.
  [[nodiscard]] double seconds_waited() const { return seconds_waited_; }

 private:
  struct Connection {
    UniqueFd fd;
    TimePoint sent{};
  };
  void send(Connection& connection);
  std::size_t receive(const Connection& connection, std::size_t limit);

  std::string message_;
  std::vector<char> buffer_;
  std::vector<Connection> connections_;
  std::size_t next_ = 0;  // whose answer is read
  std::vector<std::uint32_t> latencies_;
  double seconds_waited_ = 0;
};

}  // namespace bunshin::micro
