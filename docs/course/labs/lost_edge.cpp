// Lab lost_edge: an echo server on edge-triggered epoll(7). Some of its clients wait for ever.

#include <sys/epoll.h>
#include <unistd.h>

#include "lab.h"

namespace {

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.fd = fd;
  lab::must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "watch a descriptor");
}

void accept_client(int epoll, int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) watch(epoll, fd);
}

/// Blocks until the kernel has taken all of it. Here every client reads what it is sent; those that
/// do not are for other labs.
void send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0) return;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

void serve(int fd) {
  char buffer[512];
  const ssize_t size = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (size > 0) {
    send_all(fd, buffer, static_cast<std::size_t>(size));
  } else if (size == 0 || errno != EAGAIN) {
    close(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = lab::listen_at_argument(argc, argv);
  const int epoll = lab::must(epoll_create1(EPOLL_CLOEXEC), "make an epoll instance");
  watch(epoll, listener);
  for (;;) {
    epoll_event events[64];
    const int count = epoll_wait(epoll, events, 64, -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == listener) {
        accept_client(epoll, listener);
      } else {
        serve(events[i].data.fd);
      }
    }
  }
}
