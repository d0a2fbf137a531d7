// An echo server on poll(2), written by hand.

#include <poll.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "bench/baseline/listener.h"

namespace {

char buffer[64 * 1024];
std::vector<pollfd> polled;       // [0] is the listener
std::vector<std::string> unsent;  // beside it

void accept_all(int listener) {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    polled.push_back({fd, POLLIN, 0});
    unsent.emplace_back();
  }
}

/// False when the connection is over.
bool send_rest(std::size_t index) {
  std::string& rest = unsent[index];
  const ssize_t sent = ::send(polled[index].fd, rest.data(), rest.size(), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN;
  rest.erase(0, static_cast<std::size_t>(sent));
  if (rest.empty()) polled[index].events = POLLIN;
  return true;
}

/// False when the connection is over.
bool serve(std::size_t index) {
  const int fd = polled[index].fd;
  if (!unsent[index].empty()) return send_rest(index);
  const ssize_t received = ::recv(fd, buffer, sizeof buffer, 0);
  if (received <= 0) return received < 0 && errno == EAGAIN;
  ssize_t sent = ::send(fd, buffer, static_cast<std::size_t>(received), MSG_NOSIGNAL);
  if (sent == received) return true;
  if (sent < 0 && errno != EAGAIN) return false;
  if (sent < 0) sent = 0;
  unsent[index].assign(buffer + sent, static_cast<std::size_t>(received - sent));
  polled[index].events = POLLOUT;
  return true;
}

void remove(std::size_t index) {
  ::close(polled[index].fd);
  polled[index] = polled.back();
  unsent[index].swap(unsent.back());
  polled.pop_back();
  unsent.pop_back();
}

}  // namespace

int main(int argc, char** argv) {
  polled.push_back({baseline::listen_on(argc, argv), POLLIN, 0});
  unsent.emplace_back();
  for (;;) {
    int ready = ::poll(polled.data(), polled.size(), -1);
    for (std::size_t index = polled.size(); index-- > 1 && ready > 0;) {
      if (polled[index].revents == 0) continue;
      --ready;
      if (!serve(index)) remove(index);
    }
    if (ready > 0) accept_all(polled[0].fd);
  }
}
