// Lab half_close: an echo server that keeps what a client does not read yet. Some get only a part.

#include <poll.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "lab.h"

namespace {

struct Client {
  std::string owed;  // has been received and not been sent back yet
};

/// False when the client has gone.
bool send_owed(int fd, Client& client) {
  const ssize_t sent = send(fd, client.owed.data(), client.owed.size(), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN;
  client.owed.erase(0, static_cast<std::size_t>(sent));
  return true;
}

/// False when the client has gone.
bool receive(int fd, Client& client) {
  char buffer[64 * 1024];
  const ssize_t size = recv(fd, buffer, sizeof buffer, 0);
  if (size == 0) return false;
  if (size < 0) return errno == EAGAIN;
  client.owed.append(buffer, static_cast<std::size_t>(size));
  return true;
}

bool serve(int fd, Client& client, short events) {
  if ((events & (POLLERR | POLLHUP)) != 0) return false;
  if ((events & POLLIN) != 0 && !receive(fd, client)) return false;
  return client.owed.empty() || send_owed(fd, client);
}

short wishes(const Client& client) {
  return static_cast<short>(client.owed.empty() ? POLLIN : POLLIN | POLLOUT);
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = lab::listen_at_argument(argc, argv);
  std::map<int, Client> clients;
  for (;;) {
    std::vector<pollfd> watched{{listener, POLLIN, 0}};
    for (const auto& [fd, client] : clients) watched.push_back({fd, wishes(client), 0});
    if (poll(watched.data(), watched.size(), -1) < 0) continue;
    for (const pollfd& one : watched) {
      if (one.revents == 0) continue;
      if (one.fd == listener) {
        const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) clients[fd];
      } else if (!serve(one.fd, clients[one.fd], one.revents)) {
        close(one.fd);
        clients.erase(one.fd);
      }
    }
  }
}
