#include "handlers/http/http_server.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "reactor/observer.h"
#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::size_t kWatermark = 64 * 1024;

HttpOptions options() {
  HttpOptions options;
  options.request = {1000, 1000};
  options.most_connections = 4;
  options.stream_watermark = kWatermark;
  return options;
}

class HttpServerTest : public EngineCase {
 protected:
  HttpServerTest() { serve(options()); }

  void serve(const HttpOptions& its) {
    server = &reactor.emplace<HttpServer>(Endpoint::parse("127.0.0.1:0"), its);
    server->get("/hello", [](const HttpRequest& request) {
      return HttpResponse{200, "text/plain", "hello " + request.parameter("name").value_or("you")};
    });
    server->get("/large", [](const HttpRequest&) {
      return HttpResponse{200, "text/plain", std::string(3'000'000, 'x')};
    });
    server->get("/broken", [](const HttpRequest&) -> HttpResponse {
      throw std::runtime_error("something of the server's own");
    });
    server->post("/set", [this](const HttpRequest& request) {
      set = request.body;
      return HttpResponse::done();
    });
    server->stream("/events", "text/event-stream", [this](const HttpRequest&, HttpStream& its_one) {
      stream = &its_one;
      stream->on_gone = [this] { stream = nullptr; };
      stream->send(server_sent_event("first"));
    });
  }

  [[nodiscard]] Peer connect() const { return Peer(server->local_address()); }
  /// What is answered to `text` when the client then says no more.
  std::string answer(std::string_view text) {
    Peer peer = connect();
    peer.send(text);
    peer.shut_down_sending();
    return receive_all(peer);
  }
  static std::string get(std::string_view path, std::string_view more = "") {
    return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", path, more);
  }
  /// Up to and with `end`.
  std::string receive_to(Peer& peer, std::string_view end) {
    std::string text;
    run_until([&] {
      if (peer.readable()) text += peer.receive_now();
      return text.ends_with(end);
    });
    return text;
  }

  HttpServer* server = nullptr;
  HttpStream* stream = nullptr;
  std::string set;
};
BUNSHIN_EVERY_ENGINE(HttpServerTest);

TEST_P(HttpServerTest, AnswersAndSaysWhatIsServed) {
  EXPECT_THAT(
      answer(get("/hello?name=a%20b")),
      AllOf(StartsWith("HTTP/1.1 200 OK\r\nDate: "), HasSubstr(" GMT\r\n"),
            HasSubstr("\r\nContent-Type: text/plain\r\n"), HasSubstr("\r\nContent-Length: 9\r\n"),
            HasSubstr("\r\nContent-Security-Policy: default-src 'none'"),
            HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"),
            HasSubstr("\r\nX-Frame-Options: DENY\r\n"),
            HasSubstr("\r\nCache-Control: no-store\r\n"),
            HasSubstr("\r\nConnection: keep-alive\r\n"), EndsWith("\r\n\r\nhello a b")));
}

TEST_P(HttpServerTest, KeepsAConnectionForFurtherRequestsAlsoThoseSentAtOnce) {
  Peer peer = connect();
  peer.send(get("/hello"));
  receive_to(peer, "hello you");
  peer.send(get("/hello?name=1") + get("/hello?name=2") +
            get("/hello?name=3", "Connection: close\r\n"));
  EXPECT_THAT(receive_all(peer), AllOf(HasSubstr("hello 1HTTP/1.1 200"), HasSubstr("hello 2HTTP"),
                                       HasSubstr("Connection: close\r\n"), EndsWith("hello 3")));
}

TEST_P(HttpServerTest, AnOldClientGetsOneAnswer) {
  Peer peer = connect();
  peer.send("GET /hello HTTP/1.0\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(receive_all(peer), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("hello you")));
}

TEST_P(HttpServerTest, HeadIsGetWithoutTheBody) {
  EXPECT_THAT(answer("HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"),
              AllOf(HasSubstr("Content-Length: 9\r\n"), EndsWith("\r\n\r\n")));
}

TEST_P(HttpServerTest, TakesABodyAndDoesWhatWasAsked) {
  const std::string head = "POST /set HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n";
  EXPECT_THAT(answer(head + "\r\nabc"),
              AllOf(StartsWith("HTTP/1.1 204 No Content\r\n"), Not(HasSubstr("Content-Length"))));
  EXPECT_EQ(set, "abc");
  Peer peer = connect();
  peer.send(head + "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(receive_to(peer, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("def");
  EXPECT_THAT(receive_to(peer, "\r\n\r\n"), StartsWith("HTTP/1.1 204"));
  EXPECT_EQ(set, "def");
}

TEST_P(HttpServerTest, SaysWhatIsWrong) {
  const auto status = [this](std::string_view text) { return answer(text).substr(9, 3); };
  EXPECT_EQ(status("what\r\n\r\n"), "400");
  EXPECT_EQ(status("GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n"), "403");
  EXPECT_EQ(status(get("/hello", "Origin: http://evil.example\r\n")), "403");
  EXPECT_EQ(status(get("/nothing")), "404");
  EXPECT_EQ(status(get("/../etc/passwd")), "404");
  EXPECT_EQ(status("POST /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"), "405");
  EXPECT_EQ(status(get("/set")), "405");
  EXPECT_EQ(status("DELETE /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), "405");
  EXPECT_EQ(status("POST /set HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n"), "413");
  EXPECT_EQ(status(get("/" + std::string(2000, 'x'))), "431");
  EXPECT_THAT(answer(get("/set")), HasSubstr("\r\nAllow: POST\r\n"));
  EXPECT_THAT(answer(get("/nothing")), EndsWith("404 Not Found: there is no such path here\n"));
  EXPECT_THAT(set, IsEmpty());
}

TEST_P(HttpServerTest, WhatFailsIsToldToTheLogAndNotToTheClient) {
  EXPECT_THAT(answer(get("/broken")), AllOf(StartsWith("HTTP/1.1 500"), Not(HasSubstr("own"))));
  EXPECT_EQ(log.count("GET /broken failed: something of the server's own"), 1U);
  EXPECT_THAT(answer(get("/hello")), EndsWith("hello you"));
}

TEST_P(HttpServerTest, NothingFollowsAnError) {
  EXPECT_THAT(answer("bad\r\n\r\n" + get("/hello")), Not(HasSubstr("hello you")));
}

TEST_P(HttpServerTest, MoreThanItCanServeAreToldSoAndStillMoreWait) {
  std::vector<Peer> peers;
  for (int count = 0; count < 30; ++count) peers.push_back(connect());
  settle();
  std::size_t refused = 0;
  run_until([&] {
    for (Peer& peer : peers) {
      if (peer.descriptor() < 0 || !peer.readable()) continue;
      EXPECT_THAT(peer.receive_all(), StartsWith("HTTP/1.1 503"));
      peer.close();
      ++refused;
    }
    return refused == peers.size() - options().most_connections;
  });
  EXPECT_LE(reactor.count_by_class()["bunshin::HttpConnection"], 2 * options().most_connections);
  peers.clear();
  run_until([this] { return reactor.count_by_class()["bunshin::HttpConnection"] == 0; });
  EXPECT_THAT(answer(get("/hello")), EndsWith("hello you"));
}

TEST_P(HttpServerTest, ASlowRequestIsEndedHoweverItsBytesCome) {
  HttpOptions quick = options();
  quick.request_time = 50ms;
  serve(quick);
  Peer silent = connect();
  Peer slow = connect();
  slow.send("GET /hel");
  int sent = 0;
  const auto began = Clock::now();
  run_until([&] {
    if (Clock::now() - began > sent * 5ms && ++sent > 0) slow.send("l");
    return slow.readable() && silent.readable();
  });
  EXPECT_THAT(receive_all(slow), StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(receive_all(silent), "");
}

TEST_P(HttpServerTest, AConnectionThatIsKeptAndNotUsedIsClosed) {
  HttpOptions quick = options();
  quick.idle_time = 20ms;
  serve(quick);
  Peer peer = connect();
  peer.send(get("/hello"));
  EXPECT_THAT(receive_all(peer), EndsWith("hello you"));
}

TEST_P(HttpServerTest, WhoReadsNoAnswersIsReadNoFurtherAndEndedInTime) {
  HttpOptions quick = options();
  quick.idle_time = 500ms;
  serve(quick);
  Peer peer = connect();
  for (int count = 0; count < 20; ++count) peer.send(get("/large"));
  settle();
  std::size_t owed = 0;
  reactor.for_each([&owed](EventHandler& handler) {
    const auto* its = dynamic_cast<BufferedDispatcher*>(&handler);
    if (its != nullptr) owed += its->buffered();
  });
  EXPECT_LE(owed, 3'100'000U);  // one answer, of twenty
  EXPECT_TRUE(
      run_until([this] { return reactor.count_by_class()["bunshin::HttpConnection"] == 0; }));
}

TEST_P(HttpServerTest, AnswersThatWaitedToBeReadAllCome) {
  Peer peer = connect();
  peer.send(get("/large") + get("/large") + get("/hello", "Connection: close\r\n"));
  const std::string all = receive_all(peer);
  EXPECT_GT(all.size(), 6'000'000U);
  EXPECT_THAT(all.substr(all.size() - 9), "hello you");
}

TEST_P(HttpServerTest, StreamsUntilTheClientGoes) {
  Peer peer = connect();
  peer.send(get("/events"));
  EXPECT_THAT(receive_to(peer, "first\n\n"),
              AllOf(HasSubstr("Content-Type: text/event-stream\r\n"), Not(HasSubstr("Length"))));
  ASSERT_NE(stream, nullptr);
  EXPECT_TRUE(stream->send(server_sent_event("second")));
  EXPECT_EQ(receive_to(peer, "second\n\n"), "data: second\n\n");
  peer.send(get("/hello"));  // is not heard any more
  settle();
  peer.close();
  EXPECT_TRUE(run_until([this] { return stream == nullptr; }));
}

TEST_P(HttpServerTest, AStreamThatIsNotReadTakesNoMoreThanItsWatermark) {
  Peer peer = connect();
  peer.send(get("/events"));
  receive_to(peer, "first\n\n");
  int drained = 0;
  stream->on_drained = [&drained] { ++drained; };
  const std::string piece(10'000, 'x');
  std::size_t sent = 0;
  while (stream->send(piece)) {
    sent += piece.size();
    run_rounds(1);
  }
  EXPECT_LE(stream->waiting(), kWatermark + piece.size());
  EXPECT_EQ(drained, 0);
  EXPECT_EQ(receive(peer, sent), std::string(sent, 'x'));
  EXPECT_TRUE(run_until([&drained] { return drained == 1; }));
  EXPECT_TRUE(stream->send(piece));
}

TEST_P(HttpServerTest, EndsWithItsConnections) {
  Peer peer = connect();
  peer.send(get("/events"));
  receive_to(peer, "first\n\n");
  server->end();
  run_rounds(1);
  EXPECT_EQ(stream, nullptr);
  EXPECT_EQ(reactor.count_by_class().size(), 0U);
}

TEST_P(HttpServerTest, ConnectionsOutliveTheirListener) {
  Peer peer = connect();
  peer.send(get("/hello"));
  receive_to(peer, "hello you");
  server->close();
  run_rounds(1);
  peer.send(get("/hello", "Connection: close\r\n"));
  EXPECT_THAT(receive_all(peer), EndsWith("hello you"));
}

TEST_P(HttpServerTest, InTheBackgroundItKeepsNobodyFromEndingAndNoPauseIsItsOwn) {
  server->end();
  HttpOptions background = options();
  background.background = true;
  serve(background);
  Observer observer;
  reactor.observe(&observer);
  reactor.pause();
  Peer peer = connect();
  peer.send(get("/hello"));
  EXPECT_THAT(receive_to(peer, "hello you"), HasSubstr("200 OK"));
  reactor.observe(nullptr);
  EXPECT_TRUE(reactor.over());
}

}  // namespace
}  // namespace bunshin::testing
