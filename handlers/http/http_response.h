#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bunshin {

/// What a request is answered with. A value.
struct HttpResponse {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";  ///< of the body: Content-Type
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< further ones

  /// An error, told in one line of text.
  static HttpResponse error(int status, std::string_view sentence);
  /// 204: it was done, and there is nothing to say.
  static HttpResponse done() { return {204, {}, {}}; }
};

/// What stands before a body, to the empty line. (RFC 9112.)
struct HttpHead {
  std::time_t date = 0;
  bool keeps_alive = false;
  bool streams = false;  ///< the body ends with the connection
  std::string_view content_security_policy;
};
std::string head_text(const HttpResponse& response, const HttpHead& head);

/// One message of an event stream (text/event-stream, HTML's "server-sent events") that holds
/// `data`, one line.
std::string server_sent_event(std::string_view data);

}  // namespace bunshin
