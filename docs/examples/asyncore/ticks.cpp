#include <chrono>
#include <iostream>

#include "reactor/reactor.h"

using namespace bunshin;

int main() {
  Reactor reactor;
  int ticks = 0;
  reactor.call_every(std::chrono::milliseconds(50), [&] {
    std::cout << "tick" << std::endl;
    if (++ticks == 3) reactor.stop();
  });
  reactor.run();
}
