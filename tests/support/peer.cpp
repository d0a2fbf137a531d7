#include "tests/support/peer.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "reactor/error.h"

namespace bunshin::testing {

namespace {

void require(bool sound, const char* what) {
  if (!sound) throw_error(errno, what);
}

void limit_waiting(int fd) {
  const timeval limit{5, 0};
  require(::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0, "SO_RCVTIMEO");
  require(::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0, "SO_SNDTIMEO");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

Peer::Peer(UniqueFd socket) : socket_(std::move(socket)) { limit_waiting(socket_.get()); }

Peer::Peer(const SocketAddress& address)
    : socket_(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  require(static_cast<bool>(socket_), "socket");
  limit_waiting(socket_.get());
  if (::connect(socket_.get(), address.data(), address.size()) == 0) return;
  // Interrupted, it goes on by itself.
  pollfd entry{socket_.get(), POLLOUT, 0};
  require(errno == EINTR && ::poll(&entry, 1, 5000) == 1, "connect");
  socklen_t length = sizeof errno;
  require(::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &errno, &length) == 0 && errno == 0,
          "connect");
}

void Peer::send(std::string_view data) {
  while (!data.empty()) {
    const ssize_t count = ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    ASSERT_GT(count, 0) << "send: " << error_text(errno);
    data.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::size_t Peer::send_now(std::string_view data) {
  std::size_t sent = 0;
  while (sent < data.size()) {
    const ssize_t count =
        ::send(socket_.get(), data.data() + sent, data.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count <= 0) break;
    sent += static_cast<std::size_t>(count);
  }
  return sent;
}

void Peer::send_urgent(char byte) {
  ASSERT_EQ(::send(socket_.get(), &byte, 1, MSG_OOB | MSG_NOSIGNAL), 1) << error_text(errno);
}

void Peer::send_with_descriptor(std::string_view data, int fd) {
  iovec bytes{const_cast<char*>(data.data()), data.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  ASSERT_EQ(::sendmsg(socket_.get(), &message, MSG_NOSIGNAL), static_cast<ssize_t>(data.size()));
}

std::string Peer::receive_some(std::size_t size) {
  std::string some(std::min<std::size_t>(size, 256 * 1024), '\0');
  ssize_t count = -1;
  do {
    count = ::recv(socket_.get(), some.data(), some.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) ADD_FAILURE() << "recv: " << error_text(errno);
  some.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return some;
}

std::string Peer::receive(std::size_t size) {
  std::string all;
  while (all.size() < size) {
    const std::string some = receive_some(size - all.size());
    if (some.empty()) break;
    all += some;
  }
  return all;
}

std::string Peer::receive_now() {
  std::string all;
  std::array<char, 65536> buffer{};
  ssize_t count = 0;
  while ((count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0) {
    all.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return all;
}

std::string Peer::receive_all() { return receive(std::string::npos); }

bool Peer::was_reset() {
  std::array<char, 4096> buffer{};
  ssize_t count = 1;
  while (count > 0 || (count < 0 && errno == EINTR)) {
    count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  }
  return count < 0 && errno == ECONNRESET;
}

bool Peer::readable() {
  pollfd entry{socket_.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

void Peer::shut_down_sending() {
  ASSERT_EQ(::shutdown(socket_.get(), SHUT_WR), 0) << error_text(errno);
}

void Peer::reset() {
  const linger none{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close();
}

void Peer::set_receive_buffer(int bytes) {
  require(::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) == 0,
          "SO_RCVBUF");
}

SocketAddress Peer::local_address() const { return SocketAddress::local_of(socket_.get()); }

Listener::Listener(Family family, int backlog) : Listener(any_address(family), backlog) {}

Listener::Listener(const SocketAddress& at, int backlog) {
  socket.reset(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  require(socket && ::bind(socket.get(), at.data(), at.size()) == 0 &&
              ::listen(socket.get(), backlog) == 0,
          "cannot listen");
  address = SocketAddress::local_of(socket.get());
}

Peer Listener::accept() const {
  pollfd entry{socket.get(), POLLIN, 0};
  if (::poll(&entry, 1, 5000) != 1) ADD_FAILURE() << "nobody connected within five seconds";
  UniqueFd accepted(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
  require(static_cast<bool>(accepted), "accept4");
  return Peer(std::move(accepted));
}

BlackHole::BlackHole(const SocketAddress& address) : listener(address, 0) {
  // A queue of length 0 holds one; four find it full on every kernel.
  for (int count = 0; count < 4; ++count) {
    waiting.emplace_back(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::connect(waiting.back().get(), address.data(), address.size());
  }
  pollfd last{waiting.back().get(), POLLOUT, 0};
  EXPECT_EQ(::poll(&last, 1, 0), 0) << "it answers";
}

Connection make_connection(Family family) {
  const Listener listener(family);
  Peer ours(listener.address);
  Connection connection{UniqueFd(::dup(ours.descriptor())), listener.accept()};
  require(static_cast<bool>(connection.ours), "dup");
  return connection;
}

SocketAddress refusing_address(Family family) { return Listener(family).address; }

std::string pattern(std::size_t size) {
  // Random once, then repeated: a prime length, so that no power of two looks right by chance.
  static const std::string piece = [] {
    std::string bytes(65521, '\0');
    std::uint32_t state = 12345;
    for (char& byte : bytes) {
      state = state * 1664525 + 1013904223;
      byte = static_cast<char>(state >> 24);
    }
    return bytes;
  }();
  std::string bytes;
  bytes.reserve(size);
  while (bytes.size() < size) bytes.append(piece, 0, size - bytes.size());
  return bytes;
}

}  // namespace bunshin::testing
