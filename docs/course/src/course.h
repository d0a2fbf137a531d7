#pragma once

// What the programs of chapters 1 to 4 and 6 share. Chapter 1 explains each function.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

// [check]
/// ja: システムコールが失敗していれば、理由を言って終わる。
/// en: Ends the program with a sentence when a system call has failed.
inline int check(int result, const char* what) {
  if (result == -1) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}
// [/check]

// [receive]
/// ja: 届いたもの。多くて size バイト。終わりなら 0、接続が壊れていれば -1。
/// en: What has arrived, at most `size` bytes; 0 at the end of input, -1 when the connection
/// failed.
inline ssize_t receive(int socket, char* buffer, std::size_t size) {
  for (;;) {
    const ssize_t count = recv(socket, buffer, size, 0);
    // ja: シグナルに割り込まれただけなら、もう一度。
    // en: A signal has interrupted it, that is all: again.
    if (count != -1 || errno != EINTR) return count;
  }
}
// [/receive]

// [send_all]
/// ja: data をすべて送る。接続が壊れていれば false。
/// en: Sends all of `data`. False when the connection has failed.
inline bool send_all(int socket, std::string_view data) {
  while (!data.empty()) {
    // ja: 相手がいなくても、シグナル SIGPIPE で殺されないように。
    // en: That nobody is there any more shall be an error and not a signal, SIGPIPE, which kills.
    const ssize_t count = send(socket, data.data(), data.size(), MSG_NOSIGNAL);
    if (count == -1 && errno == EINTR) continue;
    if (count == -1) return false;
    // ja: 一部しか受け取られないこともある。残りをもう一度。
    // en: Perhaps only a part was taken: the rest goes on.
    data.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}
// [/send_all]

// [stamp]
/// ja: 「[Mon Nov 23 09:33:39 2026] 」。答えた時刻。
/// en: "[Mon Nov 23 09:33:39 2026] ": when an answer was made.
inline std::string stamp() {
  const std::time_t now = std::time(nullptr);
  tm local{};
  localtime_r(&now, &local);
  char text[64];
  return {text, std::strftime(text, sizeof text, "[%a %b %d %H:%M:%S %Y] ", &local)};
}
// [/stamp]

// [listen_on]
/// ja: 127.0.0.1 の port で待ち受けるソケット。0 なら空いているポート。どれかを表示する。
/// en: A socket that listens on `port` of 127.0.0.1; 0: a port that is free. Says which.
inline int listen_on(std::uint16_t port) {
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const int yes = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), "setsockopt");

  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  check(listen(listener, 5), "listen");

  socklen_t length = sizeof address;
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}
// [/listen_on]

/// The port that was typed, or 9876.
inline std::uint16_t port_from(int argc, char** argv, int position = 1) {
  return static_cast<std::uint16_t>(argc > position ? std::atoi(argv[position]) : 9876);
}
