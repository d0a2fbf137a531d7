// An echo server on libevent's plain events, without its buffers.

#include <event2/event.h>
#include <unistd.h>

#include <string>

#include "bench/baseline/listener.h"

namespace {

event_base* base;
char buffer[64 * 1024];

struct Connection {
  int fd;
  event* readable;
  event* writable;
  std::string unsent;
};

void close_connection(Connection* connection) {
  event_free(connection->readable);
  event_free(connection->writable);
  ::close(connection->fd);
  delete connection;
}

void on_writable(int fd, short, void* data) {
  auto* connection = static_cast<Connection*>(data);
  const ssize_t sent =
      ::send(fd, connection->unsent.data(), connection->unsent.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno == EAGAIN) return;
  if (sent < 0) return close_connection(connection);
  connection->unsent.erase(0, static_cast<std::size_t>(sent));
  if (!connection->unsent.empty()) return;
  event_del(connection->writable);
  event_add(connection->readable, nullptr);
}

void on_readable(int fd, short, void* data) {
  auto* connection = static_cast<Connection*>(data);
  const ssize_t received = ::recv(fd, buffer, sizeof buffer, 0);
  if (received < 0 && errno == EAGAIN) return;
  if (received <= 0) return close_connection(connection);
  ssize_t sent = ::send(fd, buffer, static_cast<std::size_t>(received), MSG_NOSIGNAL);
  if (sent == received) return;
  if (sent < 0 && errno != EAGAIN) return close_connection(connection);
  if (sent < 0) sent = 0;
  connection->unsent.assign(buffer + sent, static_cast<std::size_t>(received - sent));
  event_del(connection->readable);
  event_add(connection->writable, nullptr);
}

void on_accept(int listener, short, void*) {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  auto* connection = new Connection{fd, nullptr, nullptr, {}};
  connection->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, connection);
  connection->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, connection);
  event_add(connection->readable, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  base = event_base_new();
  const int listener = baseline::listen_on(argc, argv);
  event_add(event_new(base, listener, EV_READ | EV_PERSIST, on_accept, nullptr), nullptr);
  event_base_dispatch(base);
}
