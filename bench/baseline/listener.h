#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

// What the hand-coded servers share: everything that happens once. The loops themselves share
// nothing, so that each can be read, and measured, alone.

namespace baseline {

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

inline int check(int result, const char* what) {
  if (result < 0) die(what);
  return result;
}

/// `text` is "127.0.0.1:9876".
inline sockaddr_in parse_address(const std::string& text) {
  const auto colon = text.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (colon == text.npos ||
      ::inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1) {
    std::fprintf(stderr, "%s: give a numeric address and a port, as in 127.0.0.1:9876\n",
                 text.c_str());
    std::exit(2);
  }
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1)));
  return address;
}

/// A non-blocking listening socket; tells on standard output where. Accepted sockets inherit
/// TCP_NODELAY from it (on Linux).
inline int listen_on(int argc, char** argv) {
  sockaddr_in address = parse_address(argc > 1 ? argv[1] : "127.0.0.1:9876");
  const int on = 1;
  const int listener =
      check(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  check(::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(::setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  auto* name = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  check(::bind(listener, name, length), "bind");
  check(::listen(listener, 4096), "listen");
  check(::getsockname(listener, name, &length), "getsockname");
  char host[INET_ADDRSTRLEN];
  ::inet_ntop(AF_INET, &address.sin_addr, host, sizeof host);
  std::printf("listening on %s:%d\n", host, ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

inline volatile std::sig_atomic_t stopping = 0;

inline sigset_t end_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  return signals;
}

/// From now on SIGTERM and SIGINT set `stopping`, but are delivered only during a wait that is
/// given the returned mask: none can slip in between looking at the flag and waiting.
inline sigset_t hold_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stopping = 1; };
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  const sigset_t held = end_signals();
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &held, &before);
  return before;
}

}  // namespace baseline
