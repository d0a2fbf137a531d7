#include "tests/tools/scope/scope_case.h"

#include <algorithm>

namespace bunshin::testing {

Viewer::Viewer(const SocketAddress& scope, std::string_view target) : peer_(scope) {
  peer_.send(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", target));
}

void Viewer::look() {
  while (peer_.readable()) {
    const std::string more = peer_.receive_now();
    if (more.empty()) return;
    text_ += more;
  }
  if (!in_body_) {
    const std::size_t head = text_.find("\r\n\r\n");
    if (head == text_.npos) return;
    in_body_ = true;
    text_.erase(0, head + 4);
  }
  std::size_t begin = 0;
  for (std::size_t end; (end = text_.find("\n\n", begin)) != text_.npos; begin = end + 2) {
    const std::string_view message = std::string_view(text_).substr(begin, end - begin);
    EXPECT_TRUE(message.starts_with("data: ")) << message;
    events.push_back(json::parse(message.substr(6)));
  }
  text_.erase(0, begin);
}

std::vector<json> Viewer::named(std::string_view name) const {
  std::vector<json> found;
  for (const json& event : events) {
    if (event.at("event") == name) found.push_back(event);
  }
  return found;
}

std::size_t Viewer::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(events.begin(), events.end(),
                    [name](const json& event) { return event.at("event") == name; }));
}

ScopeCase::ScopeCase() {
  options.program = "bunshin test";
  options.version = "1";
  options.address = Endpoint::parse("127.0.0.1:0");
  options.set_model = [this](Model model) { echo_options.model = model; };
  watch();
  server = &reactor.emplace<EchoServer>(Endpoint::parse("127.0.0.1:0"), echo_options);
}

void ScopeCase::watch() {
  scope.reset();
  scope.emplace(reactor, options);
}

SocketAddress ScopeCase::scope_address() const {
  std::string url = scope->url();
  url = url.substr(std::string_view("http://").size());
  url.pop_back();
  return Endpoint::parse(url).numeric().value();
}

Viewer ScopeCase::look_on(std::string_view target) {
  Viewer viewer(scope_address(), target);
  EXPECT_TRUE(run_with(viewer, [&viewer] { return viewer.count("steering") > 0; }));
  return viewer;
}

bool ScopeCase::run_with(Viewer& viewer, const std::function<bool()>& done, Duration limit) {
  return run_until(
      [&] {
        viewer.look();
        return done();
      },
      limit);
}

std::string ScopeCase::ask(std::string_view method, std::string_view target,
                           std::string_view headers) {
  Peer peer(scope_address());
  peer.send(fmt::format("{} {} HTTP/1.1\r\n{}Connection: close\r\n\r\n", method, target, headers));
  return receive_all(peer);
}

int ScopeCase::post(std::string_view target, std::string_view viewer) {
  const std::string answer =
      ask("POST", target,
          fmt::format("Host: localhost\r\nX-Bunshin-Viewer: {}\r\nContent-Length: 0\r\n", viewer));
  return answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0;
}

void ScopeCase::echo(Peer& peer) {
  peer.send("x");
  EXPECT_EQ(receive(peer, 1), "x");
}

}  // namespace bunshin::testing
