// Chapter 1: sends what is typed, line by line, and prints what comes back.

#include <iostream>

#include "course.h"

// [connect]
int connect_to(const char* host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
    std::fprintf(stderr, "%s is no IPv4 address\n", host);
    std::exit(2);
  }
  const int server = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address), "connect");
  return server;
}
// [/connect]

// [answer]
// ja: 行の終わりまで、届いた順に表示する。一回の recv で一行がそろうとは限らない。
// en: Prints what arrives, up to the end of a line. One recv is not one line.
bool print_line(int server) {
  char buffer[1024];
  for (;;) {
    const ssize_t count = receive(server, buffer, sizeof buffer);
    if (count <= 0) return false;
    const std::string_view heard(buffer, static_cast<std::size_t>(count));
    std::cout << heard << std::flush;
    if (heard.back() == '\n') return true;
  }
}
// [/answer]

// [main]
int main(int argc, char** argv) {
  const int server = connect_to(argc > 2 ? argv[2] : "127.0.0.1", port_from(argc, argv));

  std::string line;
  while (std::getline(std::cin, line)) {
    if (!send_all(server, line + "\n") || !print_line(server)) {
      std::cerr << "the server has gone\n";
      return 1;
    }
  }
  // ja: Ctrl-D。もう送るものはない。
  // en: Ctrl-D: nothing more will be sent.
  shutdown(server, SHUT_WR);
  while (print_line(server)) {
  }
  close(server);
  return 0;
}
// [/main]
