// Chapter 3: an echo server with a thread for each client.

#include <system_error>
#include <thread>

#include "course.h"

// [serve]
void serve(int client) {
  char buffer[1024];
  ssize_t count;
  while ((count = receive(client, buffer, sizeof buffer)) > 0) {
    if (!send_all(client, {buffer, static_cast<std::size_t>(count)})) break;
  }
  close(client);
}
// [/serve]

// [main]
int main(int argc, char** argv) {
  const int listener = listen_on(port_from(argc, argv));
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    if (client == -1) {
      if (errno == ECONNABORTED || errno == EINTR) continue;
      // ja: 記述子が足りない。誰かが帰るまで少し待つ。
      // en: No descriptor is free: a moment, until somebody has left.
      if (errno != EMFILE && errno != ENFILE) check(client, "accept");
      std::perror("accept");
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      continue;
    }
    try {
      std::thread(serve, client).detach();
    } catch (const std::system_error& error) {
      // ja: スレッドはもう作れない。黙って待たせるより、断る。
      // en: No more threads can be had. To refuse is better than to let somebody wait for ever.
      std::fprintf(stderr, "no thread for a client: %s\n", error.what());
      close(client);
    }
  }
}
// [/main]
