// Chapter 6: what the kernel tells, and how often: an echo server that sips four bytes at a time.

#include <sys/epoll.h>

#include <array>

#include "course.h"

namespace {

// [sip]
enum class Left { more, nothing, nobody };

// ja: 四バイトだけ読んで返す。何か残っていそうか、もう何もないか、相手がいないか。
// en: Reads four bytes and sends them back. Tells what is left: perhaps more, nothing, or nobody.
Left sip(int client) {
  char buffer[4];
  const ssize_t count = recv(client, buffer, sizeof buffer, MSG_DONTWAIT);
  if (count == -1 && errno == EAGAIN) return Left::nothing;
  if (count == -1 && errno == EINTR) return Left::more;
  if (count <= 0) return Left::nobody;
  return send_all(client, {buffer, static_cast<std::size_t>(count)}) ? Left::more : Left::nobody;
}
// [/sip]

// [serve]
/// ja: 知らせを受けて、することをする。
/// en: What is done when the kernel has told.
void serve(int client, bool drain) {
  Left left = sip(client);
  while (drain && left == Left::more) left = sip(client);
  if (left == Left::nobody) close(client);
}
// [/serve]

// [watch]
void watch(int epoll, int descriptor, std::uint32_t how) {
  epoll_event event{};
  event.events = EPOLLIN | how;
  event.data.fd = descriptor;
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
}
// [/watch]

}  // namespace

// [main]
// edge_server level|edge|drain [PORT]
int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "level";
  const std::uint32_t how = mode == "level" ? 0U : static_cast<std::uint32_t>(EPOLLET);

  const int listener = listen_on(port_from(argc, argv, 2));
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(epoll, listener, 0);
  for (;;) {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    if (count == -1 && errno == EINTR) continue;
    for (int i = 0; i < check(count, "epoll_wait"); ++i) {
      const int ready = events[static_cast<std::size_t>(i)].data.fd;
      if (ready != listener) {
        serve(ready, mode == "drain");
      } else if (const int client = accept(listener, nullptr, nullptr); client != -1) {
        watch(epoll, client, how);
      }
    }
  }
}
// [/main]
