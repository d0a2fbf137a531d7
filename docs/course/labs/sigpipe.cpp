// Lab sigpipe: what one client says goes to all, line by line. Now and then the server is gone, and
// nobody knows why.

#include <poll.h>
#include <unistd.h>

#include <list>
#include <string>
#include <vector>

#include "lab.h"

namespace {

struct Client {
  int fd;
  std::string said;  // a line that has not ended yet
};

std::list<Client> clients;

void greet(int fd) {
  for (const char* line : {"welcome\n", "say something\n"}) send(fd, line, std::strlen(line), 0);
}

/// Every client reads what it is sent, in this lab; so the kernel takes it all.
void say(const std::string& line) {
  for (const Client& client : clients) send(client.fd, line.data(), line.size(), 0);
}

/// False when the client has gone.
bool hear(Client& client) {
  char buffer[4096];
  const ssize_t size = recv(client.fd, buffer, sizeof buffer, 0);
  if (size == 0) return false;
  if (size < 0) return errno == EAGAIN;
  client.said.append(buffer, static_cast<std::size_t>(size));
  for (std::size_t end; (end = client.said.find('\n')) != std::string::npos;) {
    say(client.said.substr(0, end + 1));
    client.said.erase(0, end + 1);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = lab::listen_at_argument(argc, argv);
  for (;;) {
    std::vector<pollfd> watched{{listener, POLLIN, 0}};
    for (const Client& client : clients) watched.push_back({client.fd, POLLIN, 0});
    if (poll(watched.data(), watched.size(), -1) < 0) continue;
    auto client = clients.begin();
    for (std::size_t i = 1; i < watched.size(); ++i) {
      const auto it = client++;
      if (watched[i].revents == 0 || hear(*it)) continue;
      close(it->fd);
      clients.erase(it);
    }
    if (watched.front().revents != 0) {
      const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) continue;
      greet(fd);
      clients.push_back({fd, ""});
    }
  }
}
