#pragma once

// What the labs on plain sockets share. Nothing in here is broken.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace lab {

/// `result` of a system call that can not fail for a reason that the lab is about; else ends the
/// program with a sentence.
inline int must(int result, const char* what) {
  if (result >= 0) return result;
  std::fprintf(stderr, "cannot %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

/// "HOST:PORT" in numbers, "127.0.0.1:0" for any free port.
inline sockaddr_in parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (colon == std::string::npos ||
      inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1) {
    std::fprintf(stderr, "not an address like 127.0.0.1:9876: %s\n", text.c_str());
    std::exit(2);
  }
  address.sin_port = htons(static_cast<in_port_t>(std::atoi(text.c_str() + colon + 1)));
  return address;
}

/// A non-blocking listening socket at the first argument (127.0.0.1:9876 without one). Prints
/// "listening on HOST:PORT" with the port that it really is.
inline int listen_at_argument(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_DFL);  // whoever started this may have had it ignored
  sockaddr_in address = parse_address(argc > 1 ? argv[1] : "127.0.0.1:9876");
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  const int listener =
      must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "make a socket");
  const int on = 1;
  must(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "set SO_REUSEADDR");
  must(bind(listener, plain, length), "bind");
  must(listen(listener, 512), "listen");
  must(getsockname(listener, plain, &length), "get the address");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

}  // namespace lab
