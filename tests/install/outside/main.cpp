#include <chrono>

#include "reactor/reactor.h"

int main() {
  bunshin::Reactor reactor;
  reactor.call_later(std::chrono::milliseconds(1), [&] { reactor.stop(); });
  reactor.run();
  return 0;
}
