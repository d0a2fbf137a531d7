#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "handlers/buffered_dispatcher.h"
#include "handlers/http/http_site.h"
#include "handlers/http/request_parser.h"
#include "reactor/timer.h"

namespace bunshin {

/// One client of an HttpServer. Owned by the reactor.
class HttpConnection : public BufferedDispatcher {
 public:
  HttpConnection(Reactor& reactor, StreamSocket socket, std::shared_ptr<HttpSite> site);
  ~HttpConnection() override;
  [[nodiscard]] bool is_of(const HttpSite& site) const { return site_.get() == &site; }

  void handle_read() override;
  void handle_full() override;
  void handle_drained() override;
  [[nodiscard]] Watermarks watermarks() const override;

 private:
  void take(std::string_view data);
  void answer();
  void send_answer(const HttpResponse& response, bool keeps_alive, bool without_body = false);
  void begin_stream(const HttpSite::Outcome& outcome);
  void await(bool in_request);
  void too_slow();

  std::shared_ptr<HttpSite> site_;
  RequestParser parser_;
  std::string rest_;  // came behind a request whose answer waits to be read
  std::optional<HttpStream> stream_;
  Timer timer_{*this, &HttpConnection::too_slow};
  bool in_request_ = true;  // the timer is that of a request; else between two
  bool ending_ = false;     // there will be no other answer
};

}  // namespace bunshin
