#pragma once

// Connected descriptors of every kind, for the tests of the shim and of the engine on it.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

#include "reactor/unique_fd.h"

namespace bunshin::kqueue_shim {

struct Pair {
  UniqueFd watched;
  UniqueFd peer;
};

inline Pair tcp_pair() {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(::listen(listener.get(), 1), 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length);
  Pair pair;
  pair.peer.reset(::socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(::connect(pair.peer.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  pair.watched.reset(::accept(listener.get(), nullptr, nullptr));
  return pair;
}

inline Pair unix_pair() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

inline Pair pipe_to_read() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

inline Pair pipe_to_write() {
  Pair pair = pipe_to_read();
  std::swap(pair.watched, pair.peer);
  return pair;
}

/// Watched: the slave, as a serial port would be.
inline Pair pty_pair() {
  int master = -1;
  int slave = -1;
  EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  termios raw{};
  ::tcgetattr(slave, &raw);
  ::cfmakeraw(&raw);
  ::tcsetattr(slave, TCSANOW, &raw);
  return {UniqueFd(slave), UniqueFd(master)};
}

inline void put(const UniqueFd& fd, const std::string& text) {
  ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

inline std::string take(const UniqueFd& fd, std::size_t count) {
  std::string text(count, '\0');
  const ssize_t got = ::read(fd.get(), text.data(), count);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

inline void fill(const UniqueFd& fd) {
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  const std::string block(65536, 'x');
  while (::write(fd.get(), block.data(), block.size()) > 0) {
  }
}

inline void drain(const UniqueFd& fd) {
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  while (!take(fd, 65536).empty()) {
  }
}

}  // namespace bunshin::kqueue_shim
