#pragma once

#include <map>
#include <string>
#include <string_view>

#include "handlers/http/http_server.h"

namespace bunshin {

/// What a server's connections share, and what they need when it has gone: whom they serve, with
/// what, and how many they are. One thread.
class HttpSite {
 public:
  struct Route {
    HttpServer::Answer get, post;
    HttpServer::Begin begin;  ///< instead of `get`
    HttpServer::WhyNot why_not;
    std::string stream_type;
  };
  /// An answer; or the head of a stream, and what fills it.
  struct Outcome {
    HttpResponse response;
    const HttpServer::Begin* begin = nullptr;
  };

  HttpSite(HttpServer& listener, HttpOptions options)
      : options_(std::move(options)), listener_(&listener) {}

  Route& at(std::string path) { return routes_[std::move(path)]; }
  [[nodiscard]] const HttpOptions& options() const { return options_; }
  [[nodiscard]] Outcome outcome_of(const HttpRequest& request) const;

  /// A connection has come: false when it is one too many.
  bool enter();
  void leave();
  void listener_gone() { listener_ = nullptr; }

 private:
  [[nodiscard]] Outcome route(const HttpRequest& request) const;

  const HttpOptions options_;
  HttpServer* listener_;
  std::map<std::string, Route, std::less<>> routes_;
  std::size_t connections_ = 0;  // those that are told 503 too
};

}  // namespace bunshin
