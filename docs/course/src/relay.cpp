// Chapter 9: every byte from Julius goes to the robot's serial line, no faster than the line takes
// it.

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "handlers/file_dispatcher.h"
#include "reactor/serial_line.h"

using namespace bunshin;

// [line]
class Line : public FileDispatcher {
 public:
  using FileDispatcher::FileDispatcher;
  void handle_read() override {
    const std::string said(recv());
    std::printf("the robot says: %s\n", said.c_str());
    std::fflush(stdout);
  }
  // ja: 回線が追いつくまで、音声認識エンジンから読まない。
  // en: Nothing is read from the speech engine until the line has caught up.
  void handle_full() override { source->pause_reading(); }
  void handle_drained() override { source->resume_reading(); }

  EventHandler* source = nullptr;
};
// [/line]

// [julius]
class Julius : public BufferedDispatcher {
 public:
  Julius(Reactor& reactor, const Endpoint& engine, Line& line)
      : BufferedDispatcher(reactor), line_(line) {
    line_.source = this;
    connect(engine);
  }
  void handle_read() override { line_.send(recv()); }
  void handle_close() override { reactor().finish(std::chrono::seconds(5)); }

 private:
  Line& line_;
};
// [/julius]

// [main]
// relay DEVICE [ADDRESS]
int main(int argc, char** argv) {
  const std::string device = argc > 1 ? argv[1] : "/dev/ttyAMA0";
  const Endpoint engine = Endpoint::parse(argc > 2 ? argv[2] : "127.0.0.1:10500");

  const std::unique_ptr<SerialLine> serial = open_serial_line(device, {.baud = 57600});
  Reactor reactor;
  auto& line = reactor.emplace<Line>(serial->duplicate());
  reactor.emplace<Julius>(engine, line);
  reactor.run();
  return 0;
}
// [/main]
