#include "handlers/echo.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <utility>

namespace bunshin {

namespace {

constexpr auto kFinishLimit = std::chrono::seconds(5);

template <typename... Args>
void tell(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(format, std::forward<Args>(args)...);
  std::fflush(stdout);
}

std::string time_stamp() {
  const std::time_t now = std::time(nullptr);
  return fmt::format("[{:%a %b %e %H:%M:%S %Y}] ", fmt::localtime(now));
}

/// What a peer sends must not command the terminal it is shown on.
std::string printable(std::string_view data) {
  std::string text(data);
  if (text.ends_with('\n')) text.pop_back();
  std::replace_if(text.begin(), text.end(), [](unsigned char byte) { return byte < ' ' || byte == 127; }, '.');
  return text;
}

/// A client of the server with options: the course's server1 and server2.
class CourseEchoHandler : public EchoHandler {
 public:
  CourseEchoHandler(Reactor& reactor, StreamSocket socket, std::string peer, Dispatcher& server,
                    const EchoOptions& options)
      : EchoHandler(reactor, std::move(socket)),
        peer_(std::move(peer)),
        server_(server),
        options_(options) {
    if (options_.verbose) tell("...connected from: {}\n", peer_);
  }

  ~CourseEchoHandler() override {
    if (options_.verbose) tell("...{} left\n", peer_);
    if (!options_.one_at_a_time) return;
    server_.resume_reading();
    if (options_.verbose) tell("Waiting for connections...\n");
  }

  void handle_read() override {
    const std::string_view data = recv(1024);
    if (data.empty()) return;
    if (options_.verbose) tell("Received -> {}\n", printable(data));
    if (options_.stamp) send(time_stamp());
    send(data);
    if (is_stop_word(data)) reactor().finish(kFinishLimit);
  }

 private:
  /// A line, or a chunk without a line end, that is just the word.
  bool is_stop_word(std::string_view data) {
    if (options_.stop_word.empty()) return false;
    line_.append(data);
    bool found = false;
    for (auto end = line_.find('\n'); end != line_.npos; end = line_.find('\n')) {
      found = found || is_word(std::string_view(line_).substr(0, end));
      line_.erase(0, end + 1);
    }
    found = found || is_word(data) || is_word(line_);
    // Longer than the word and its "\r", it can not become the word any more.
    if (line_.size() > options_.stop_word.size() + 1) line_.resize(options_.stop_word.size() + 2);
    return found;
  }

  [[nodiscard]] bool is_word(std::string_view text) const {
    if (text.ends_with('\r')) text.remove_suffix(1);
    return text == options_.stop_word;
  }

  std::string peer_;
  Dispatcher& server_;
  const EchoOptions& options_;
  std::string line_;  // its beginning, as far as it has come
};

}  // namespace

EchoServer::EchoServer(Reactor& reactor, const Endpoint& endpoint, const EchoOptions& options)
    : Dispatcher(reactor), options_(options) {
  listen_on(endpoint);
}

void EchoServer::handle_accepted(StreamSocket socket, const SocketAddress& peer) {
  if (options_.plain()) {
    reactor().emplace<EchoHandler>(std::move(socket));
    return;
  }
  reactor().emplace<CourseEchoHandler>(std::move(socket), peer.to_string(), *this, options_);
  if (options_.one_at_a_time) pause_reading();
}

}  // namespace bunshin
