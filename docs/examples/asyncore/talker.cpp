#include <iostream>
#include <string>
#include <utility>

#include "handlers/dispatcher.h"

using namespace bunshin;

class Talker : public Dispatcher {
 public:
  Talker(Reactor& reactor, const Endpoint& server, std::string text)
      : Dispatcher(reactor), out_(std::move(text)) {
    connect(server);
  }

  void handle_connect() override { std::cout << "connected" << std::endl; }
  bool writable() override { return !out_.empty(); }
  void handle_write() override { out_.erase(0, send(out_).bytes); }
  void handle_read() override { std::cout << recv(8192) << std::flush; }
  void handle_close() override {
    std::cout << "closed" << std::endl;
    close();
  }

 private:
  std::string out_;
};

int main(int, char** argv) {
  Reactor reactor;
  reactor.emplace<Talker>(Endpoint::parse(argv[1]), "stressed\nbye\n");
  reactor.run();
}
