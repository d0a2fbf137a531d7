#include "handlers/http/request_parser.h"

#include <fmt/core.h>
#include <http_parser.h>

#include <algorithm>
#include <climits>
#include <utility>

namespace bunshin {

struct RequestParser::Parsing {
  explicit Parsing(const RequestLimits& its_limits) : limits(its_limits) { begin(); }

  void begin() {
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = this;
    request = {};
    target.clear();
    head = 0;
    state = State::idle;
    expects = value_seen = false;
  }

  int fail(int status, std::string text) {
    error = {status, std::move(text)};
    state = State::failed;
    return -1;
  }

  /// False when the head has become too large.
  bool grow(std::size_t bytes) {
    head += bytes;
    if (head <= limits.head) return true;
    fail(431, fmt::format("the request's head has more than {} bytes", limits.head));
    return false;
  }

  int take_header(std::string_view name) {
    // What follows a value is the next name.
    if (request.headers.empty() || value_seen) request.headers.emplace_back();
    value_seen = false;
    if (!grow(name.size())) return -1;
    request.headers.back().first.append(name);
    return 0;
  }

  int take_value(std::string_view value) {
    value_seen = true;
    if (!grow(value.size())) return -1;
    request.headers.back().second.append(value);
    return 0;
  }

  /// The target is a path, or a whole address as proxies are asked (RFC 9112, 3.2): then the host
  /// that it names is the one that counts.
  bool split_target() {
    http_parser_url url;
    http_parser_url_init(&url);
    const bool connects = parser.method == HTTP_CONNECT;
    if (http_parser_parse_url(target.data(), target.size(), connects ? 1 : 0, &url) != 0) {
      return false;
    }
    const auto part = [&](http_parser_url_fields field) {
      return (url.field_set & (1U << field)) == 0
                 ? std::string()
                 : target.substr(url.field_data[field].off, url.field_data[field].len);
    };
    request.path = part(UF_PATH);
    request.query = part(UF_QUERY);
    if (request.path.empty()) request.path = "/";
    const std::string host = part(UF_HOST);
    if (host.empty() || connects) return true;
    std::erase_if(request.headers,
                  [](const auto& field) { return same_word(field.first, "Host"); });
    const std::string port = part(UF_PORT);
    const bool numeric6 = host.find(':') != host.npos;
    request.headers.emplace_back(
        "Host", (numeric6 ? "[" + host + "]" : host) + (port.empty() ? "" : ":" + port));
    return true;
  }

  int end_head() {
    for (auto& [name, value] : request.headers) {  // blanks behind it are none of it (RFC 9112, 5)
      value.erase(value.find_last_not_of(" \t") + 1);
    }
    request.method = http_method_str(static_cast<http_method>(parser.method));
    if (parser.http_major != 1) return fail(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    if (parser.http_minor > 0 && request.count("Host") != 1) {
      return fail(400, "a request of HTTP/1.1 names its host, once");
    }
    if (!split_target()) return fail(400, "what is asked for is no path");
    const bool has_length = parser.content_length != ULLONG_MAX;
    if (has_length && parser.content_length > limits.body) return too_large();
    expects = same_word(request.header("Expect"), "100-continue");
    return 0;
  }

  int too_large() {
    return fail(413, fmt::format("the request's body has more than {} bytes", limits.body));
  }

  int take_body(std::string_view data) {
    if (request.body.size() + data.size() > limits.body) return too_large();
    request.body.append(data);
    return 0;
  }

  int end_message() {
    state = State::complete;
    keeps_alive = http_should_keep_alive(&parser) != 0;
    http_parser_pause(&parser, 1);
    return 0;
  }

  static Parsing& of(http_parser* parser) { return *static_cast<Parsing*>(parser->data); }
  template <int (Parsing::*function)(std::string_view)>
  static int on_data(http_parser* parser, const char* data, std::size_t size) {
    return (of(parser).*function)({data, size});
  }
  template <int (Parsing::*function)()>
  static int on_event(http_parser* parser) {
    return (of(parser).*function)();
  }
  int take_target(std::string_view part) {
    if (!grow(part.size())) return -1;
    target.append(part);
    return 0;
  }
  static http_parser_settings callbacks() {
    http_parser_settings settings;
    http_parser_settings_init(&settings);
    settings.on_url = on_data<&Parsing::take_target>;
    settings.on_header_field = on_data<&Parsing::take_header>;
    settings.on_header_value = on_data<&Parsing::take_value>;
    settings.on_headers_complete = on_event<&Parsing::end_head>;
    settings.on_body = on_data<&Parsing::take_body>;
    settings.on_message_complete = on_event<&Parsing::end_message>;
    return settings;
  }

  const RequestLimits limits;
  http_parser parser{};
  HttpRequest request;
  Error error;
  std::string target;
  std::size_t head = 0;
  State state = State::idle;
  bool value_seen = false;
  bool keeps_alive = false;
  bool expects = false;
};

RequestParser::RequestParser(const RequestLimits& limits)
    : parsing_(std::make_unique<Parsing>(limits)) {}

RequestParser::~RequestParser() = default;

std::size_t RequestParser::read(std::string_view data) {
  static const http_parser_settings kCallbacks = Parsing::callbacks();
  Parsing& its = *parsing_;
  if (its.state == State::idle) {
    // Empty lines before a request are no beginning of one (RFC 9112, 2.2).
    const std::size_t blank = std::min(data.find_first_not_of("\r\n"), data.size());
    if (blank > 0) return blank;
    its.state = State::reading;
  }
  const std::size_t used = http_parser_execute(&its.parser, &kCallbacks, data.data(), data.size());
  const auto error = HTTP_PARSER_ERRNO(&its.parser);
  if (its.state == State::failed || its.state == State::complete) return used;
  if (error == HPE_HEADER_OVERFLOW) {  // 80 KiB, blanks and all
    its.fail(431, "the request's head is too large");
  } else if (error != HPE_OK) {
    its.fail(400, fmt::format("this is no request: {}", http_errno_description(error)));
  }
  return used;
}

void RequestParser::next() { parsing_->begin(); }

RequestParser::State RequestParser::state() const { return parsing_->state; }
const HttpRequest& RequestParser::request() const { return parsing_->request; }
bool RequestParser::keeps_alive() const { return parsing_->keeps_alive; }
bool RequestParser::take_expectation() {
  return parsing_->state == State::reading && std::exchange(parsing_->expects, false);
}
const RequestParser::Error& RequestParser::error() const { return parsing_->error; }

}  // namespace bunshin
