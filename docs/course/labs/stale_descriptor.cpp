// Lab stale_descriptor: an echo server whose clients can put one another out: "kick 3\n". Sometimes
// somebody is put out who has only just come.

#include <sys/epoll.h>
#include <unistd.h>

#include <map>
#include <string>

#include "lab.h"

namespace {

struct Client {
  int number;
  std::string said;  // a line that has not ended yet
};

int epoll = -1;
std::map<int, Client> clients;  // by descriptor

void watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  lab::must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "watch a descriptor");
}

void tell(int fd, const std::string& text) { send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

void accept_client(int listener) {
  static int last_number = 0;
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  clients[fd] = {++last_number, ""};
  watch(fd);
  tell(fd, "you are " + std::to_string(last_number) + "\n");
}

void put_out(int fd) {
  clients.erase(fd);
  close(fd);
}

void kick(int number) {
  for (const auto& [fd, client] : clients) {
    if (client.number == number) return put_out(fd);
  }
}

void obey(int fd, const std::string& line) {
  if (line.rfind("kick ", 0) == 0) {
    kick(std::atoi(line.c_str() + 5));
  } else {
    tell(fd, line);
  }
}

void hear(int fd) {
  char buffer[512];
  const ssize_t size = recv(fd, buffer, sizeof buffer, 0);
  if (size <= 0) return put_out(fd);
  std::string said = clients[fd].said + std::string(buffer, static_cast<std::size_t>(size));
  for (std::size_t end; (end = said.find('\n')) != std::string::npos; said.erase(0, end + 1)) {
    obey(fd, said.substr(0, end + 1));
  }
  if (const auto client = clients.find(fd); client != clients.end()) client->second.said = said;
}

void handle(int fd, std::uint32_t events) {
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
    put_out(fd);
  } else {
    hear(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = lab::listen_at_argument(argc, argv);
  epoll = lab::must(epoll_create1(EPOLL_CLOEXEC), "make an epoll instance");
  watch(listener);
  for (;;) {
    epoll_event events[64];
    const int count = epoll_wait(epoll, events, 64, -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == listener) {
        accept_client(listener);
      } else {
        handle(events[i].data.fd, events[i].events);
      }
    }
  }
}
