#include "bench/micro/echo_client.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "reactor/error.h"

namespace bunshin::micro {

EchoClient::EchoClient(const SocketAddress& server, std::size_t connections,
                       std::size_t message_bytes)
    : message_(message_bytes, 'x'), buffer_(message_bytes) {
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  for (std::size_t i = 0; i < connections; ++i) {
    UniqueFd fd = connect_to(server);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    connections_.push_back({std::move(fd)});
  }
  for (Connection& connection : connections_) send(connection);
}

void EchoClient::send(Connection& connection) {
  connection.sent = Clock::now();
  // Blocking: the server never waits for us, so this ends.
  for (std::string_view rest = message_; !rest.empty();) {
    const ssize_t count = ::send(connection.fd.get(), rest.data(), rest.size(), 0);
    if (count < 0 && errno != EINTR) throw_error(errno, "cannot send a message");
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::size_t EchoClient::receive(const Connection& connection, std::size_t limit) {
  const int fd = connection.fd.get();
  ssize_t count = ::recv(fd, buffer_.data(), limit, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) {
    const Stopwatch watch;
    do {  // io_uring interrupts threads that have used a ring before
      count = ::recv(fd, buffer_.data(), limit, 0);
    } while (count < 0 && errno == EINTR);
    seconds_waited_ += watch.seconds();
  }
  if (count <= 0) throw_error(count == 0 ? ECONNRESET : errno, "the echo server does not answer");
  return static_cast<std::size_t>(count);
}

void EchoClient::complete_one() {
  Connection& connection = connections_[next_];
  next_ = (next_ + 1) % connections_.size();
  for (std::size_t missing = message_.size(); missing > 0;) missing -= receive(connection, missing);
  const Duration latency = Clock::now() - connection.sent;
  latencies_.push_back(static_cast<std::uint32_t>(latency.count()));
  send(connection);
}

void EchoClient::begin(std::size_t messages) {
  latencies_.clear();
  latencies_.reserve(messages);
  seconds_waited_ = 0;
}

}  // namespace bunshin::micro
