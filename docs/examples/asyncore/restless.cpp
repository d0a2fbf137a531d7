#include <chrono>
#include <iostream>
#include <utility>

#include "handlers/dispatcher.h"

using namespace bunshin;

class Restless : public Dispatcher {
 public:
  using Dispatcher::Dispatcher;
  void handle_write() override { ++calls; }
  int calls = 0;
};

int main() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 1;
  Reactor reactor;
  auto& restless = reactor.emplace<Restless>(StreamSocket(UniqueFd(pair[0])));
  reactor.call_later(std::chrono::milliseconds(100), [&] { reactor.stop(); });
  reactor.run();
  std::cout << "handle_write was called " << restless.calls << " times" << std::endl;
}
