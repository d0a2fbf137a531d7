#include "handlers/echo.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <ctime>
#include <exception>
#include <memory>
#include <utility>

#include "reactor/host.h"
#include "reactor/log.h"
#include "reactor/printable.h"
#include "reactor/standard_stream.h"

namespace bunshin {

namespace {

std::string time_stamp(std::time_t now) {
  return fmt::format("[{:%a %b %e %H:%M:%S %Y}] ", fmt::localtime(now));
}

void tell_waiting() { standard_output().print("Waiting for connections...\n"); }

/// A client of a server with limits.
class LimitedEchoHandler : public EchoHandler {
 public:
  LimitedEchoHandler(Reactor& reactor, StreamSocket socket, const EchoOptions& options,
                     ClientPlace place)
      : EchoHandler(reactor, std::move(socket), options.model),
        idle_(*this, options.limits.idle_timeout),
        place_(std::move(place)) {}

  void handle_read() override {
    idle_.heard();
    EchoHandler::handle_read();
  }

 protected:
  IdleTimeout idle_;
  ClientPlace place_;
};

/// A client of the course's server1 and server2.
class CourseEchoHandler : public LimitedEchoHandler {
 public:
  CourseEchoHandler(Reactor& reactor, StreamSocket socket, std::string peer,
                    const EchoOptions& options, ClientPlace place)
      : LimitedEchoHandler(reactor, std::move(socket), options, std::move(place)),
        peer_(std::move(peer)),
        options_(options) {
    if (options_.verbose) standard_output().print("...connected from: {}\n", peer_);
  }

  ~CourseEchoHandler() override {
    if (options_.verbose) standard_output().print("...{} left\n", peer_);
    const bool next = place_.give_back();
    if (next && options_.verbose && options_.one_at_a_time) tell_waiting();
  }

  void handle_read() override {
    const std::string_view data = recv(1024);
    if (data.empty()) return;
    idle_.heard();
    if (options_.verbose) tell_received(data);
    if (options_.stamp) {
      send(time_stamp(reactor().host().date())
               .append(data));  // at once: the course's client receives once an answer
    } else {
      send(data);
    }
    if (!is_stop_word(data)) return;
    log(LogLevel::info, "{} said the stop word: the server ends", peer_);
    options_.stop();
  }

 private:
  /// What a peer sends must not command the terminal it is shown on.
  static void tell_received(std::string_view data) {
    if (data.ends_with('\n')) data.remove_suffix(1);
    standard_output().print("Received -> {}\n", printable(data, data.npos));
  }

  /// A line, or a chunk without a line end, that is just the word.
  bool is_stop_word(std::string_view data) {
    if (options_.stop_word.empty()) return false;
    line_.append(data);
    bool found = false;
    for (auto end = line_.find('\n'); end != line_.npos; end = line_.find('\n')) {
      found = found || is_word(std::string_view(line_).substr(0, end));
      line_.erase(0, end + 1);
    }
    found = found || is_word(data);
    // Longer than the word and its "\r", it can not become the word any more.
    if (line_.size() > options_.stop_word.size() + 1) line_.resize(options_.stop_word.size() + 2);
    return found;
  }

  [[nodiscard]] bool is_word(std::string_view text) const {
    if (text.ends_with('\r')) text.remove_suffix(1);
    return text == options_.stop_word;
  }

  std::string peer_;
  const EchoOptions& options_;
  std::string line_;  // its beginning, as far as it has come
};

/// Called in the reactor's thread.
void serve(Reactor& reactor, StreamSocket socket, const SocketAddress& peer,
           const EchoOptions& options, ClientPlace place = {}) {
  if (options.of_course()) {
    reactor.emplace<CourseEchoHandler>(std::move(socket), peer.to_string(), options,
                                       std::move(place));
  } else if (options.limits.any()) {
    reactor.emplace<LimitedEchoHandler>(std::move(socket), options, std::move(place));
  } else {
    reactor.emplace<EchoHandler>(std::move(socket), options.model);
  }
}

/// Accepts for all reactors of a group.
class HandOverServer : public EchoServer {
 public:
  HandOverServer(Reactor& reactor, const Endpoint& endpoint, const EchoOptions& options,
                 ReactorGroup& group)
      : EchoServer(reactor, endpoint, options), group_(group) {}

  void handle_accepted(StreamSocket socket, const SocketAddress& peer) override {
    Reactor& chosen = group_.at(next_++ % group_.size());
    if (&chosen == &reactor()) return serve(chosen, std::move(socket), peer, options_);
    // A posted function must be copyable. When that reactor has stopped, the socket is closed.
    auto handed = std::make_shared<StreamSocket>(std::move(socket));
    chosen.post([&chosen, &options = options_, handed, peer] {
      try {
        serve(chosen, std::move(*handed), peer, options);
      } catch (const std::exception& error) {  // no handler of this reactor's hears of it
        log(LogLevel::error, "a connection was lost: {}", error.what());
      }
    });
  }

 private:
  ReactorGroup& group_;
  std::size_t next_ = 0;
};

bool kernel_spreads(const SocketAddress& address) {
#ifdef __linux__
  return address.is_internet();
#else
  (void)address;  // macOS gives all to one listener; FreeBSD would need SO_REUSEPORT_LB
  return false;
#endif
}

}  // namespace

EchoServer::EchoServer(Reactor& reactor, const Endpoint& endpoint, const EchoOptions& options,
                       bool share_port)
    : Dispatcher(reactor),
      options_(options),
      places_(*this, options.one_at_a_time ? 1 : options.limits.most) {
  listen_on(endpoint, share_port);
  // Told when the loop runs: by then its address has been.
  if (options_.verbose && options_.one_at_a_time) reactor.post(tell_waiting);
}

void EchoServer::handle_accepted(StreamSocket socket, const SocketAddress& peer) {
  serve(reactor(), std::move(socket), peer, options_, places_.take());
}

SocketAddress serve_echo(ReactorGroup& group, const Endpoint& endpoint,
                         const EchoOptions& options) {
  const bool shared = group.size() > 1 && kernel_spreads(endpoint.look_up().front());
  if (group.size() > 1 && !shared) {
    for (std::size_t index = 1; index < group.size(); ++index) group.at(index).keep_running();
    return group.at(0).emplace<HandOverServer>(endpoint, options, group).local_address();
  }
  auto& first = group.at(0).emplace<EchoServer>(endpoint, options);
  const SocketAddress address = first.local_address();
  if (shared) first.set_reuse_port();
  const Endpoint same = Endpoint::parse(address.to_string());  // with the real port
  for (std::size_t index = 1; index < group.size(); ++index) {
    group.at(index).emplace<EchoServer>(same, options, true);
  }
  return address;
}

}  // namespace bunshin
