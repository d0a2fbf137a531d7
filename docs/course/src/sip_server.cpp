// Chapter 6: the same sips, with bunshin: nothing is lost, whatever the model.

#include <cstdio>
#include <string_view>
#include <utility>

#include "handlers/buffered_dispatcher.h"

using namespace bunshin;

// [sip]
class Sip : public BufferedDispatcher {
 public:
  using BufferedDispatcher::BufferedDispatcher;
  void handle_read() override { send(recv(4)); }
};
// [/sip]

// [server]
class SipServer : public Dispatcher {
 public:
  SipServer(Reactor& reactor, const Endpoint& endpoint, Model model)
      : Dispatcher(reactor), model_(model) {
    listen_on(endpoint);
  }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    reactor().emplace<Sip>(std::move(socket), model_);
  }

 private:
  const Model model_;
};
// [/server]

// sip_server level|remembered [ADDRESS]
int main(int argc, char** argv) {
  const bool level = argc > 1 && std::string_view(argv[1]) == "level";
  const Endpoint endpoint = Endpoint::parse(argc > 2 ? argv[2] : "127.0.0.1:9876");
  Reactor reactor;
  const auto& server =
      reactor.emplace<SipServer>(endpoint, level ? Model::level : Model::remembered);
  std::printf("listening on %s\n", server.local_address().to_string().c_str());
  std::fflush(stdout);
  reactor.run();
  return 0;
}
