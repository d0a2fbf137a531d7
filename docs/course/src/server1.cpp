// Chapter 1: an echo server for one client.

#include "course.h"

// [main]
int main(int argc, char** argv) {
  const int listener = listen_on(port_from(argc, argv));
  const int client = check(accept(listener, nullptr, nullptr), "accept");

  char buffer[1024];
  ssize_t count;
  while ((count = receive(client, buffer, sizeof buffer)) > 0) {
    const std::string_view said(buffer, static_cast<std::size_t>(count));
    if (!send_all(client, stamp()) || !send_all(client, said)) break;
  }

  close(client);
  close(listener);
  return 0;
}
// [/main]
