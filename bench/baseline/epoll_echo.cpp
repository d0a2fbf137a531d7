// An echo server on epoll(7), written by hand for this one purpose: edge-triggered, registered
// once, one thread. What the library's figures are held against. It is a whole server all the
// same: a peer that reads slowly loses nothing, one that half-closes gets what it is owed.

#include <sys/epoll.h>
#include <unistd.h>

#include <cstddef>

#include "bench/baseline/listener.h"

namespace {

struct Connection {
  int fd = -1;
  bool ended = false;      // the peer sends no more
  char* unsent = nullptr;  // what the kernel did not take: exists while the peer is slow
  std::size_t unsent_size = 0;
};

int epoll;
char buffer[64 * 1024];

void close_connection(Connection* connection) {
  ::epoll_ctl(epoll, EPOLL_CTL_DEL, connection->fd, nullptr);
  ::close(connection->fd);
  std::free(connection->unsent);
  delete connection;
}

/// Keeps the rest for the next edge of writability. False when the connection has failed.
bool keep(Connection* connection, const char* data, std::size_t size, ssize_t sent) {
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
  const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  char* rest = nullptr;
  if (size > done) {
    rest = static_cast<char*>(std::malloc(size - done));
    if (rest == nullptr) return false;
    std::memcpy(rest, data + done, size - done);
  }
  std::free(connection->unsent);
  connection->unsent = rest;
  connection->unsent_size = size - done;
  return true;
}

/// False when the connection has failed.
bool send_rest(Connection* connection) {
  const ssize_t sent = ::send(connection->fd, connection->unsent, connection->unsent_size,
                              MSG_DONTWAIT | MSG_NOSIGNAL);
  return keep(connection, connection->unsent, connection->unsent_size, sent);
}

/// Reads and answers until there is no more, or the peer takes no more.
void serve(Connection* connection, std::uint32_t events) {
  if (connection->unsent != nullptr && !send_rest(connection)) return close_connection(connection);
  while (connection->unsent == nullptr && !connection->ended) {
    const ssize_t received = ::recv(connection->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received < 0) return close_connection(connection);
    connection->ended = received == 0;
    if (received == 0) break;
    const auto size = static_cast<std::size_t>(received);
    const ssize_t sent = ::send(connection->fd, buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent != received && !keep(connection, buffer, size, sent)) {
      return close_connection(connection);
    }
    // A short read found the end, unless a FIN or an error stands behind the data.
    if (size < sizeof buffer && (events & ~std::uint32_t{EPOLLIN | EPOLLOUT}) == 0) return;
  }
  if (connection->ended && connection->unsent == nullptr) close_connection(connection);
}

void watch(int fd, Connection* connection) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = connection;
  baseline::check(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void accept_all(int listener) {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == ECONNABORTED || errno == EINTR)) continue;
    if (fd < 0 && errno == EAGAIN) return;
    baseline::check(fd, "accept");
    auto* connection = new Connection;
    connection->fd = fd;
    watch(fd, connection);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const sigset_t signals = baseline::hold_signals();
  epoll = baseline::check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  const int listener = baseline::listen_on(argc, argv);
  watch(listener, nullptr);
  epoll_event events[256];
  while (baseline::stopping == 0) {
    const int count = ::epoll_pwait(epoll, events, 256, -1, &signals);
    for (int index = 0; index < count; ++index) {
      auto* connection = static_cast<Connection*>(events[index].data.ptr);
      if (connection == nullptr) {
        accept_all(listener);
      } else {
        serve(connection, events[index].events);
      }
    }
  }
  return 0;
}
