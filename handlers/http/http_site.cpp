#include "handlers/http/http_site.h"

#include <exception>

#include "handlers/http/host_check.h"
#include "reactor/log.h"

namespace bunshin {

namespace {

HttpResponse not_allowed(const HttpSite::Route& route) {
  const bool gets = route.get || route.begin;
  const char* const methods = !gets ? "POST" : route.post ? "GET, HEAD, POST" : "GET, HEAD";
  HttpResponse response = HttpResponse::error(405, std::string("here one can ") + methods);
  response.headers.emplace_back("Allow", methods);
  return response;
}

}  // namespace

HttpSite::Outcome HttpSite::outcome_of(const HttpRequest& request) const {
  if (const std::string why = why_not_served(request, options_.names); !why.empty()) {
    return {HttpResponse::error(403, why)};
  }
  try {
    return route(request);
  } catch (const std::exception& error) {
    log(LogLevel::error, "{} {} failed: {}", request.method, request.path, error.what());
    return {HttpResponse::error(500, "the server's log tells why")};
  }
}

HttpSite::Outcome HttpSite::route(const HttpRequest& request) const {
  const auto found = routes_.find(request.path);
  if (found == routes_.end()) return {HttpResponse::error(404, "there is no such path here")};
  const Route& its = found->second;
  const bool gets = request.method == "GET" || request.method == "HEAD";
  if (gets && its.get) return {its.get(request)};
  if (gets && its.why_not) {
    if (const std::string why = its.why_not(request); !why.empty()) {
      return {HttpResponse::error(503, why)};
    }
  }
  if (gets && its.begin) return {{200, its.stream_type, {}}, &its.begin};
  if (request.method == "POST" && its.post) return {its.post(request)};
  return {not_allowed(its)};
}

bool HttpSite::enter() {
  const std::size_t most = options_.most_connections;
  if (++connections_ >= 2 * most) listener_->pause_reading();
  return connections_ <= most;
}

void HttpSite::leave() {
  if (connections_-- == 2 * options_.most_connections && listener_ != nullptr) {
    listener_->resume_reading();
  }
}

}  // namespace bunshin
