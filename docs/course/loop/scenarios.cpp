#include "scenarios.h"

#include <algorithm>
#include <array>
#include <utility>

#include "figure.h"

namespace bunshin::loop {

namespace {

// --- Echo ---

void begin_echo(Figure& figure, EchoOptions options) {
  figure.server().reactor().emplace<EchoServer>(figure.address(),
                                                figure.keep<EchoOptions>(std::move(options)));
}

void one_at_a_time(Figure& figure, std::string_view choice) {
  EchoOptions options;
  options.one_at_a_time = choice != "at_once";
  begin_echo(figure, std::move(options));
}

void echo(Figure& figure, std::string_view) { begin_echo(figure, {}); }

/// Two more clients may come: the other descriptors are taken.
void emfile(Figure& figure, std::string_view) {
  auto& taken = figure.keep<std::vector<UniqueFd>>();
  constexpr int kFree = 3;  // for the listener and two clients
  for (int i = kFree; i < simulation::Process::kMostDescriptors; ++i)
    taken.push_back(figure.world().make_file(figure.server(), ""));
  begin_echo(figure, {});
}

// --- Level or edge ---

/// Reads four bytes at a time.
class Sip : public BufferedDispatcher {
 public:
  using BufferedDispatcher::BufferedDispatcher;
  void handle_read() override { send(recv(4)); }
};

/// As in a loop that remembers nothing: one call an edge.
class ForgetfulSip : public Sip {
 public:
  using Sip::Sip;
  void handle_read() override {
    Sip::handle_read();
    pause_reading();
  }
};

template <typename Handler>
class SipServer : public Dispatcher {
 public:
  SipServer(Reactor& reactor, const Figure& figure) : Dispatcher(reactor), figure_(figure) {
    listen_on(figure.address());
  }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    reactor().template emplace<Handler>(std::move(socket), figure_.model());
  }

 private:
  const Figure& figure_;
};

void level_or_edge(Figure& figure, std::string_view choice) {
  Reactor& reactor = figure.server().reactor();
  if (choice != "forgetful") {
    reactor.emplace<SipServer<Sip>>(figure);
    return;
  }
  reactor.emplace<SipServer<ForgetfulSip>>(figure);
  figure.on_edge([&reactor](const EventHandler& edge) {
    reactor.for_each([&edge](EventHandler& handler) {
      if (&handler == &edge && handler.reading_paused()) handler.resume_reading();
    });
  });
}

// --- Chat ---

void chat(Figure& figure, std::string_view) {
  figure.server().reactor().emplace<ChatServer>(figure.address());
}

// --- Julius to a serial line ---

/// Every byte from Julius goes to the line.
class Julius : public BufferedDispatcher {
 public:
  Julius(Reactor& reactor, const Endpoint& address, FileDispatcher& line)
      : BufferedDispatcher(reactor), line_(line) {
    connect(address);
  }
  void handle_read() override { line_.send(recv()); }

 private:
  FileDispatcher& line_;
};

/// What the bridge sees as Julius: it speaks when the reader does.
class JuliusEngine : public Dispatcher {
 public:
  JuliusEngine(Reactor& reactor, const Endpoint& address, Actor& actor)
      : Dispatcher(reactor), actor_(actor) {
    listen_on(address);
  }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    reactor().emplace<Client>(actor_, std::move(socket));
  }

 private:
  Actor& actor_;
};

void julius_to_tty(Figure& figure, std::string_view) {
  constexpr auto kLine = "/dev/ttyUSB0";
  const Endpoint engine = Endpoint::parse("127.0.0.1:10500");
  Reactor& others = figure.others().reactor();
  others.emplace<JuliusEngine>(engine, figure.add_actor("Julius"));
  others.emplace<Device>(figure.add_actor("Rapiro"),
                         figure.world().make_line(figure.others(), kLine));

  Reactor& bridge = figure.server().reactor();
  auto& line =
      figure.keep<std::unique_ptr<SerialLine>>(figure.server().open_line(kLine, {.baud = 57600}));
  auto& serial = bridge.emplace<FileDispatcher>(line->duplicate());
  bridge.emplace<Julius>(engine, serial);
}

constexpr std::array<Scenario, 8> kScenarios{{{"two-clients-one-at-a-time", one_at_a_time},
                                              {"echo", echo},
                                              {"half-close", echo},
                                              {"slow-reader", echo},
                                              {"emfile", emfile},
                                              {"level-or-edge", level_or_edge, true},
                                              {"chat", chat},
                                              {"julius-to-tty", julius_to_tty}}};

}  // namespace

const Scenario* find_scenario(std::string_view name) {
  const auto* found = std::find_if(kScenarios.begin(), kScenarios.end(),
                                   [&](const Scenario& one) { return one.name == name; });
  return found == kScenarios.end() ? nullptr : found;
}

}  // namespace bunshin::loop
