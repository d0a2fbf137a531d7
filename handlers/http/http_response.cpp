#include "handlers/http/http_response.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <http_parser.h>

#include <iterator>

namespace bunshin {

HttpResponse HttpResponse::error(int status, std::string_view sentence) {
  HttpResponse response;
  response.status = status;
  response.body = fmt::format("{} {}: {}\n", status,
                              http_status_str(static_cast<http_status>(status)), sentence);
  return response;
}

std::string head_text(const HttpResponse& response, const HttpHead& head) {
  std::string text = fmt::format(
      "HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\n", response.status,
      http_status_str(static_cast<http_status>(response.status)), fmt::gmtime(head.date));
  const auto out = std::back_inserter(text);
  if (!response.type.empty()) fmt::format_to(out, "Content-Type: {}\r\n", response.type);
  // RFC 9110, 8.6: none with 204.
  if (!head.streams && response.status != 204) {
    fmt::format_to(out, "Content-Length: {}\r\n", response.body.size());
  }
  for (const auto& [name, value] : response.headers) {
    fmt::format_to(out, "{}: {}\r\n", name, value);
  }
  // Nobody else's page may show, read or guess at what is served here.
  fmt::format_to(out,
                 "Content-Security-Policy: {}\r\n"
                 "X-Content-Type-Options: nosniff\r\n"
                 "X-Frame-Options: DENY\r\n"
                 "Cross-Origin-Resource-Policy: same-origin\r\n"
                 "Cross-Origin-Opener-Policy: same-origin\r\n"
                 "Referrer-Policy: no-referrer\r\n"
                 "Cache-Control: no-store\r\n"
                 "Connection: {}\r\n\r\n",
                 head.content_security_policy, head.keeps_alive ? "keep-alive" : "close");
  return text;
}

std::string server_sent_event(std::string_view data) { return fmt::format("data: {}\n\n", data); }

}  // namespace bunshin
