// Chapter 4: an echo server for many clients with one thread, by hand with poll(2).

#include <fcntl.h>
#include <poll.h>

#include <map>
#include <vector>

#include "course.h"

namespace {

// [client]
struct Client {
  // ja: 受け取って、まだ送り返していないもの。
  // en: Received, and not yet sent back.
  std::string unsent;
  // ja: 相手は送り終えた。
  // en: The client has sent all.
  bool ended = false;
};
std::map<int, Client> clients;

// ja: これだけたまったら、もう読まない。
// en: When so much is unsent no more is read.
constexpr std::size_t kEnough = 64 * 1024;
// [/client]

// [accept]
/// ja: 次の客のための記述子がなければ false。
/// en: False when there is no descriptor for the next client.
bool accept_all(int listener) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd != -1) {
      clients[fd];
    } else if (errno == EAGAIN) {
      return true;
    } else if (errno == EMFILE || errno == ENFILE) {
      return false;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      check(fd, "accept");
    }
  }
}
// [/accept]

// [read]
/// ja: 接続が壊れていれば false。
/// en: False when the connection has failed.
bool read_from(int fd, Client& client) {
  char buffer[4096];
  const ssize_t count = receive(fd, buffer, sizeof buffer);
  if (count == -1) return errno == EAGAIN;
  client.unsent.append(buffer, static_cast<std::size_t>(count));
  client.ended = count == 0;
  return true;
}
// [/read]

// [write]
/// ja: 接続が壊れていれば false。
/// en: False when the connection has failed.
bool write_to(int fd, Client& client) {
  const ssize_t count = send(fd, client.unsent.data(), client.unsent.size(), MSG_NOSIGNAL);
  if (count == -1) return errno == EAGAIN || errno == EINTR;
  client.unsent.erase(0, static_cast<std::size_t>(count));
  return true;
}
// [/write]

// [serve]
/// ja: 客がまだ残るかどうか。
/// en: Whether the client stays.
bool serve(const pollfd& ready, Client& client) {
  if ((ready.revents & (POLLERR | POLLNVAL)) != 0) return false;
  if ((ready.revents & (POLLIN | POLLHUP)) != 0 && !client.ended && !read_from(ready.fd, client))
    return false;
  if (!client.unsent.empty() && !write_to(ready.fd, client)) return false;
  return !client.ended || !client.unsent.empty();
}

/// ja: 何を待つか。
/// en: What is waited for.
short wishes(const Client& client) {
  short events = 0;
  if (!client.ended && client.unsent.size() < kEnough) events |= POLLIN;
  if (!client.unsent.empty()) events |= POLLOUT;
  return events;
}
// [/serve]

}  // namespace

// [main]
int main(int argc, char** argv) {
  const int listener = listen_on(port_from(argc, argv));
  check(fcntl(listener, F_SETFL, O_NONBLOCK), "fcntl");
  check(listen(listener, 512), "listen");

  // ja: 次の客のための記述子があるか。
  // en: Whether there is a descriptor for another client.
  bool room = true;
  std::vector<pollfd> set;
  for (;;) {
    set.assign(1, {listener, static_cast<short>(room ? POLLIN : 0), 0});
    for (const auto& [fd, client] : clients) set.push_back({fd, wishes(client), 0});

    if (poll(set.data(), set.size(), -1) == -1) {
      if (errno == EINTR) continue;
      check(-1, "poll");
    }
    for (std::size_t i = 1; i < set.size(); ++i) {
      if (set[i].revents == 0 || serve(set[i], clients[set[i].fd])) continue;
      close(set[i].fd);
      clients.erase(set[i].fd);
      room = true;
    }
    if (set[0].revents != 0) room = accept_all(listener);
  }
}
// [/main]
