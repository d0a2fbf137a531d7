// An echo server with one thread a connection and blocking calls.

#include <fcntl.h>
#include <unistd.h>

#include <system_error>
#include <thread>

#include "bench/baseline/listener.h"

namespace {

bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

void serve(int fd) {
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t received = ::recv(fd, buffer, sizeof buffer, 0);
    if (received <= 0 || !send_all(fd, buffer, static_cast<std::size_t>(received))) break;
  }
  ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = baseline::listen_on(argc, argv);
  ::fcntl(listener, F_SETFL, 0);  // blocking
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    try {
      std::thread(serve, fd).detach();
    } catch (const std::system_error& error) {
      std::fprintf(stderr, "threads: %s\n", error.what());
      ::close(fd);
    }
  }
}
