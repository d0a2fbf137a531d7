// Chapter 8: two ways of closing. The hasty one destroys its own answer.

#include "course.h"

namespace {

// [hasty]
void close_hastily(int client) { close(client); }
// [/hasty]

// [politely]
void close_politely(int client) {
  // ja: こちらはもう送らない。届くものは最後まで読む。
  // en: Nothing more from here; what comes is read to its end.
  shutdown(client, SHUT_WR);
  char buffer[4096];
  while (receive(client, buffer, sizeof buffer) > 0) {
  }
  close(client);
}
// [/politely]

}  // namespace

// [main]
// closing_server hasty|polite [PORT]
int main(int argc, char** argv) {
  const bool hasty = argc > 1 && std::string_view(argv[1]) == "hasty";
  const int listener = listen_on(port_from(argc, argv, 2));
  const std::string answer(3'000'000, 'a');
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    if (client == -1) continue;
    // ja: 質問の最初の一文字を読んだだけで、答えを決める。
    // en: It knows the answer when it has read one character of the question.
    char first;
    if (receive(client, &first, 1) == 1) send_all(client, answer);
    hasty ? close_hastily(client) : close_politely(client);
  }
}
// [/main]
