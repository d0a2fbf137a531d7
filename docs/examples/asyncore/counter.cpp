#include <unistd.h>

#include <iostream>

#include "handlers/file_dispatcher.h"

using namespace bunshin;

class Counter : public FileDispatcher {
 public:
  explicit Counter(Reactor& reactor) : FileDispatcher(reactor, Inherited{STDIN_FILENO}) {}

  void handle_read() override { count_ += recv(4096).size(); }
  void handle_close() override {
    std::cout << count_ << " bytes" << std::endl;
    close();
  }

 private:
  std::size_t count_ = 0;
};

int main() {
  Reactor reactor;
  reactor.emplace<Counter>();
  reactor.run();
}
