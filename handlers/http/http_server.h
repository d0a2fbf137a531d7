#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "handlers/dispatcher.h"
#include "handlers/http/http_request.h"
#include "handlers/http/http_response.h"
#include "handlers/http/http_stream.h"
#include "handlers/http/request_parser.h"

namespace bunshin {

class HttpSite;

/// What an HttpServer puts up with, and whom it serves.
struct HttpOptions {
  RequestLimits request;
  /// Clients at once. So many more are told 503; beyond those, they wait in the kernel's queue.
  std::size_t most_connections = 64;
  /// For a request: from accepting, later from its first byte, to its last. 408 beyond.
  Duration request_time = std::chrono::seconds(10);
  /// How long a connection is kept for another request, and how long a client may take to read an
  /// answer that is not a stream.
  Duration idle_time = std::chrono::seconds(60);
  /// What may wait for a client that does not read its stream: see HttpStream::send.
  std::size_t stream_watermark = 1024 * 1024;
  /// Names that clients may ask for beside localhost and numeric addresses: see why_not_served.
  std::vector<std::string> names = {};
  /// Goes with every answer. This one is for what is no page.
  std::string content_security_policy = "default-src 'none'; frame-ancestors 'none'";
  /// The server and its connections are in the background (EventHandler::unref): they do not keep
  /// run() going, and a pause of the loop is not theirs.
  bool background = false;
};

/// A small server of HTTP/1.1 beside others in one loop: pages, health, counts, and streams of
/// events. GET and POST with small bodies; HEAD where there is GET; connections are kept alive, and
/// requests may be sent before answers are read. No TLS, no ranges, no compression; nothing is read
/// from a disk. Whatever is wrong with a request is answered as text: 400, 403 (see
/// why_not_served), 404, 405, 408, 413, 431, 503, 505.
///
///   auto& server = reactor.emplace<HttpServer>(Endpoint::parse("127.0.0.1:9100"), HttpOptions());
///   server.get("/healthz", [](const HttpRequest&) { return HttpResponse{200, "text/plain",
///   "ok\n"}; });
///
/// Owned by its reactor, in whose thread all members and functions are called. A function that
/// throws is answered with 500, and the log tells what.
class HttpServer : public Dispatcher {
 public:
  using Answer = std::function<HttpResponse(const HttpRequest&)>;
  /// Begins a stream, and may send at once.
  using Begin = std::function<void(const HttpRequest&, HttpStream&)>;

  /// Listens. Throws std::system_error.
  HttpServer(Reactor& reactor, const Endpoint& endpoint, HttpOptions options = {});
  /// On a socket that listens already.
  HttpServer(Reactor& reactor, UniqueFd listening, HttpOptions options = {});
  ~HttpServer() override;

  /// What answers for `path`. One function each for GET (with HEAD) and POST.
  void get(std::string path, Answer answer);
  void post(std::string path, Answer answer);
  /// GET is answered by a stream of `type`, such as "text/event-stream"; or with 503 and what
  /// `why_not` says, when that is anything.
  using WhyNot = std::function<std::string(const HttpRequest&)>;
  void stream(std::string path, std::string type, Begin begin, WhyNot why_not = {});

  /// Closes it and its connections, streams too, at once: what answers is not called any more.
  void end();

  void handle_accepted(StreamSocket socket, const SocketAddress& peer) override;

 private:
  HttpServer(Reactor& reactor, HttpOptions options);

  std::shared_ptr<HttpSite> site_;
};

}  // namespace bunshin
