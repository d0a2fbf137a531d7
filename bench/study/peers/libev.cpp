// An echo server on libev.

#include <ev.h>
#include <unistd.h>

#include <string>

#include "bench/baseline/listener.h"

namespace {

char buffer[64 * 1024];

struct Connection {
  ev_io watcher;  // first: libev hands out its address
  std::string unsent;
};

void close_connection(struct ev_loop* loop, Connection* connection) {
  ev_io_stop(loop, &connection->watcher);
  ::close(connection->watcher.fd);
  delete connection;
}

void watch_for(struct ev_loop* loop, Connection* connection, int events) {
  ev_io_stop(loop, &connection->watcher);
  ev_io_set(&connection->watcher, connection->watcher.fd, events);
  ev_io_start(loop, &connection->watcher);
}

void send_rest(struct ev_loop* loop, Connection* connection) {
  const ssize_t sent = ::send(connection->watcher.fd, connection->unsent.data(),
                              connection->unsent.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno == EAGAIN) return;
  if (sent < 0) return close_connection(loop, connection);
  connection->unsent.erase(0, static_cast<std::size_t>(sent));
  if (connection->unsent.empty()) watch_for(loop, connection, EV_READ);
}

void on_event(struct ev_loop* loop, ev_io* watcher, int events) {
  auto* connection = reinterpret_cast<Connection*>(watcher);
  if ((events & EV_WRITE) != 0) return send_rest(loop, connection);
  const ssize_t received = ::recv(watcher->fd, buffer, sizeof buffer, 0);
  if (received < 0 && errno == EAGAIN) return;
  if (received <= 0) return close_connection(loop, connection);
  ssize_t sent = ::send(watcher->fd, buffer, static_cast<std::size_t>(received), MSG_NOSIGNAL);
  if (sent == received) return;
  if (sent < 0 && errno != EAGAIN) return close_connection(loop, connection);
  if (sent < 0) sent = 0;
  connection->unsent.assign(buffer + sent, static_cast<std::size_t>(received - sent));
  watch_for(loop, connection, EV_WRITE);
}

void on_accept(struct ev_loop* loop, ev_io* watcher, int) {
  for (;;) {
    const int fd = ::accept4(watcher->fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    auto* connection = new Connection;
    ev_io_init(&connection->watcher, on_event, fd, EV_READ);
    ev_io_start(loop, &connection->watcher);
  }
}

}  // namespace

int main(int argc, char** argv) {
  struct ev_loop* loop = ev_default_loop(EVFLAG_AUTO);
  ev_io listener;
  ev_io_init(&listener, on_accept, baseline::listen_on(argc, argv), EV_READ);
  ev_io_start(loop, &listener);
  ev_run(loop, 0);
}
