// Lab short_write: whoever sends "N\n" is sent N bytes. Not everybody gets all of them.

#include <poll.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "lab.h"

namespace {

struct Client {
  std::string question;  // what has come of it
};

/// N bytes; which byte stands where can be checked.
std::string pattern(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i % 251);
  return text;
}

void answer(int fd, Client&, const std::string& text) {
  send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}

/// False when the client has gone.
bool read_questions(int fd, Client& client) {
  char buffer[4096];
  const ssize_t size = recv(fd, buffer, sizeof buffer, 0);
  if (size == 0) return false;
  if (size < 0) return errno == EAGAIN;
  client.question.append(buffer, static_cast<std::size_t>(size));
  for (std::size_t end; (end = client.question.find('\n')) != std::string::npos;) {
    answer(fd, client, pattern(std::strtoul(client.question.c_str(), nullptr, 10)));
    client.question.erase(0, end + 1);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = lab::listen_at_argument(argc, argv);
  std::map<int, Client> clients;
  for (;;) {
    std::vector<pollfd> watched{{listener, POLLIN, 0}};
    for (const auto& [fd, client] : clients) watched.push_back({fd, POLLIN, 0});
    if (poll(watched.data(), watched.size(), -1) < 0) continue;
    for (const pollfd& one : watched) {
      if (one.revents == 0) continue;
      if (one.fd == listener) {
        const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) clients[fd];
      } else if (!read_questions(one.fd, clients[one.fd])) {
        close(one.fd);
        clients.erase(one.fd);
      }
    }
  }
}
