#include "handlers/http/http_connection.h"

#include <utility>

#include "reactor/host.h"

namespace bunshin {

namespace {

/// So much is read at once: a client that sends requests and reads no answers has so many of them
/// answered, at most, as fit.
constexpr std::size_t kPiece = 4096;

}  // namespace

HttpConnection::HttpConnection(Reactor& reactor, StreamSocket socket,
                               std::shared_ptr<HttpSite> site)
    : BufferedDispatcher(reactor, std::move(socket)),
      site_(std::move(site)),
      parser_(site_->options().request) {
  if (site_->options().background) unref();
  timer_.arm(site_->options().request_time);
  if (site_->enter()) return;
  send_answer(HttpResponse::error(503, "too many are connected; try again later"), false);
}

HttpConnection::~HttpConnection() {
  site_->leave();
  if (stream_ && stream_->on_gone) stream_->on_gone();
}

Watermarks HttpConnection::watermarks() const {
  if (!stream_) return {};
  const std::size_t high = site_->options().stream_watermark;
  return {high, high / 4};
}

void HttpConnection::handle_full() {
  if (!stream_) pause_reading();
}

void HttpConnection::handle_drained() {
  if (stream_) {
    if (stream_->on_drained) stream_->on_drained();
    return;
  }
  resume_reading();
  take(std::exchange(rest_, {}));
}

/// Whoever has a stream has nothing more to say.
void HttpConnection::handle_read() {
  const std::string_view data = recv(kPiece);
  if (!stream_ && !ending_ && !data.empty()) take(data);
}

void HttpConnection::take(std::string_view data) {
  while (!data.empty()) {
    data.remove_prefix(parser_.read(data));
    if (parser_.state() == RequestParser::State::failed) {
      const auto& [status, text] = parser_.error();
      return send_answer(HttpResponse::error(status, text), false);
    }
    if (parser_.take_expectation()) send("HTTP/1.1 100 Continue\r\n\r\n");
    if (parser_.state() != RequestParser::State::complete) continue;
    answer();
    if (ending_ || stream_) return;
    parser_.next();
    timer_.cancel();
    if (!reading_paused()) continue;
    rest_ = data;
    break;
  }
  await(parser_.state() == RequestParser::State::reading);
}

/// A request has its time as a whole, however its bytes come.
void HttpConnection::await(bool in_request) {
  const HttpOptions& options = site_->options();
  if (in_request && in_request_ && timer_.armed()) return;
  in_request_ = in_request;
  timer_.arm(in_request ? options.request_time : options.idle_time);
}

void HttpConnection::answer() {
  const HttpRequest& request = parser_.request();
  const HttpSite::Outcome outcome = site_->outcome_of(request);
  const bool without_body = request.method == "HEAD";
  if (outcome.begin != nullptr && !without_body) return begin_stream(outcome);
  send_answer(outcome.response, parser_.keeps_alive(), without_body);
}

void HttpConnection::send_answer(const HttpResponse& response, bool keeps_alive,
                                 bool without_body) {
  HttpHead head;
  head.date = reactor().host().date();
  head.keeps_alive = keeps_alive;
  head.content_security_policy = site_->options().content_security_policy;
  std::string text = head_text(response, head);
  if (!without_body) text += response.body;
  send(text);
  if (keeps_alive) return;
  ending_ = true;
  timer_.arm(site_->options().idle_time);  // to read it
  close_when_done();
}

/// Its end is the connection's.
void HttpConnection::begin_stream(const HttpSite::Outcome& outcome) {
  HttpHead head;
  head.date = reactor().host().date();
  head.streams = true;
  head.content_security_policy = site_->options().content_security_policy;
  send(head_text(outcome.response, head));
  timer_.cancel();
  stream_.emplace(*this, site_->options().stream_watermark);
  (*outcome.begin)(parser_.request(), *stream_);
}

void HttpConnection::too_slow() {
  if (ending_ || parser_.state() != RequestParser::State::reading) return close();
  const auto limit =
      std::chrono::duration_cast<std::chrono::seconds>(site_->options().request_time);
  send_answer(HttpResponse::error(
                  408, "the request took more than " + std::to_string(limit.count()) + " seconds"),
              false);
}

}  // namespace bunshin
