// Chapter 11: the echo server as a conversation: C++20 coroutines over the same handlers.

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "handlers/conversation.h"

using namespace bunshin;

// [echo]
Conversation echo(Stream& stream) {
  for (;;) {
    const std::string text = co_await stream.read();
    if (text.empty()) co_return;
    if (!co_await stream.write(text)) co_return;
  }
}
// [/echo]

// [quiz]
Conversation ask(Stream& stream) {
  co_await stream.write("What is the answer? ");
  std::string answer;
  while (answer.find('\n') == std::string::npos) {
    const std::string more = co_await stream.read();
    if (more.empty()) co_return;
    answer += more;
  }
  co_await stream.write("Let me think...\n");
  co_await stream.sleep(std::chrono::seconds(1));
  co_await stream.write(answer == "42\n" ? "Right.\n" : "No.\n");
}
// [/quiz]

// [server]
class Server : public Dispatcher {
 public:
  Server(Reactor& reactor, const Endpoint& endpoint, Conversation (*conversation)(Stream&))
      : Dispatcher(reactor), conversation_(conversation) {
    listen_on(endpoint);
  }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    auto& stream = reactor().emplace<Stream>(std::move(socket));
    stream.run(conversation_(stream));
  }

 private:
  Conversation (*conversation_)(Stream&);
};
// [/server]

// conversation_server [ADDRESS [ask]]
int main(int argc, char** argv) {
  const Endpoint endpoint = Endpoint::parse(argc > 1 ? argv[1] : "127.0.0.1:9876");
  const bool asks = argc > 2 && std::string_view(argv[2]) == "ask";
  Reactor reactor;
  const auto& server = reactor.emplace<Server>(endpoint, asks ? ask : echo);
  std::printf("listening on %s\n", server.local_address().to_string().c_str());
  std::fflush(stdout);
  reactor.run();
  return 0;
}
