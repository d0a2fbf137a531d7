// Lab emfile_spin: an echo server that lets a processor run hot when it has no descriptor left.

#include <poll.h>
#include <unistd.h>

#include <vector>

#include "lab.h"

namespace {

/// False when the client has gone. Short pieces, and a client that reads them: the kernel takes it
/// all.
bool echo(int fd) {
  char buffer[512];
  const ssize_t size = recv(fd, buffer, sizeof buffer, 0);
  if (size > 0) return send(fd, buffer, static_cast<std::size_t>(size), MSG_NOSIGNAL) == size;
  return size < 0 && errno == EAGAIN;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<pollfd> watched{{lab::listen_at_argument(argc, argv), POLLIN, 0}};
  for (;;) {
    if (poll(watched.data(), watched.size(), -1) < 0) continue;
    for (std::size_t i = watched.size() - 1; i > 0; --i) {
      if (watched[i].revents == 0 || echo(watched[i].fd)) continue;
      close(watched[i].fd);
      watched.erase(watched.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (watched[0].revents != 0) {
      const int fd = accept4(watched[0].fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) watched.push_back({fd, POLLIN, 0});
    }
  }
}
