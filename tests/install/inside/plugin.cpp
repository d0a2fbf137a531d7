#include <chrono>

#include "reactor/reactor.h"

extern "C" int run_a_loop() {
  bunshin::Reactor reactor;
  reactor.call_later(std::chrono::milliseconds(1), [&] { reactor.stop(); });
  reactor.run();
  return 0;
}
