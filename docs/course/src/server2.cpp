// Chapter 2: an echo server for many clients, one after the other.

#include "course.h"

// [serve]
void serve(int client) {
  char buffer[1024];
  ssize_t count;
  while ((count = receive(client, buffer, sizeof buffer)) > 0) {
    const std::string_view said(buffer, static_cast<std::size_t>(count));
    if (!send_all(client, stamp()) || !send_all(client, said)) break;
  }
  close(client);
}
// [/serve]

// [main]
int main(int argc, char** argv) {
  const int listener = listen_on(port_from(argc, argv));
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    // ja: 待っているあいだに帰った客、割り込んだシグナル。どちらもサーバーの終わりではない。
    // en: A client that left while it waited, or a signal: not the end of the server.
    if (client == -1 && (errno == ECONNABORTED || errno == EINTR)) continue;
    serve(check(client, "accept"));
  }
}
// [/main]
