// bunshin's echo server with the choices open that `bunshin echo` has made: how a registration is
// served, and how much a handler may do before the others' turn.

#include <fmt/core.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include "handlers/echo.h"
#include "reactor/timer.h"

namespace {

using namespace bunshin;

struct Choices {
  std::string address = "127.0.0.1:9876";
  Model model = Model::remembered;
  int idle_timeout = 0;  // in seconds; 0: none
  ReactorOptions reactor;
};

/// Closes when nothing has come for a while: a timer that every message moves.
class TimedHandler : public EchoHandler {
 public:
  TimedHandler(Reactor& reactor, StreamSocket socket, const Choices& choices)
      : EchoHandler(reactor, std::move(socket), choices.model), limit_(choices.idle_timeout) {
    timer_.arm(limit_);
  }
  void handle_read() override {
    timer_.arm(limit_);
    EchoHandler::handle_read();
  }

 private:
  std::chrono::seconds limit_;
  Timer timer_{*this, &EventHandler::close};
};

class Server : public Dispatcher {
 public:
  Server(Reactor& reactor, const Choices& choices) : Dispatcher(reactor), choices_(choices) {
    listen_on(Endpoint::parse(choices.address));
  }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    if (choices_.idle_timeout > 0) {
      reactor().emplace<TimedHandler>(std::move(socket), choices_);
    } else {
      reactor().emplace<EchoHandler>(std::move(socket), choices_.model);
    }
  }

 private:
  const Choices& choices_;
};

[[noreturn]] void usage() {
  fmt::print(stderr,
             "usage: bunshin_models ADDRESS [--engine NAME] [--model remembered|drain|level]"
             " [--turn BYTES] [--idle-timeout SECONDS]\n");
  std::exit(2);
}

Model parse_model(const std::string& name) {
  if (name == "remembered") return Model::remembered;
  if (name == "drain") return Model::drain;
  if (name == "level") return Model::level;
  usage();
}

Choices parse(int argc, char** argv) {
  Choices choices;
  if (argc < 2 || argc % 2 != 0) usage();
  choices.address = argv[1];
  for (int index = 2; index < argc; index += 2) {
    const std::string option = argv[index];
    const std::string value = argv[index + 1];
    if (option == "--engine") {
      choices.reactor.engine = value;
    } else if (option == "--model") {
      choices.model = parse_model(value);
    } else if (option == "--turn") {
      choices.reactor.turn_bytes = std::stoul(value);
    } else if (option == "--idle-timeout") {
      choices.idle_timeout = std::stoi(value);
    } else {
      usage();
    }
  }
  return choices;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Choices choices = parse(argc, argv);
    Reactor reactor(choices.reactor);
    reactor.on_signal(SIGTERM, [&reactor] { reactor.stop(); });
    const auto& server = reactor.emplace<Server>(choices);
    fmt::print("listening on {}\n", server.local_address().to_string());
    std::fflush(stdout);
    reactor.run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "bunshin_models: {}\n", error.what());
    return 1;
  }
  return 0;
}
