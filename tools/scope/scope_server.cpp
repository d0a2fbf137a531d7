#include "tools/scope/scope_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "tools/scope/page_files.h"

namespace bunshin {

namespace {

constexpr std::size_t kLongestName = 64;

/// What a viewer calls itself: empty when it says nothing of use.
std::string viewer_of(const HttpRequest& request) {
  const std::string_view name = request.header("X-Bunshin-Viewer");
  const bool plain = std::all_of(name.begin(), name.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
  });
  return plain && name.size() <= kLongestName ? std::string(name) : std::string();
}

/// Answers what only a viewer may ask. (A page elsewhere can not send that header without asking
/// first, which is refused.)
void post(HttpServer& server, std::string path,
          std::function<HttpResponse(const std::string& viewer, const HttpRequest&)> answer) {
  server.post(std::move(path), [answer = std::move(answer)](const HttpRequest& request) {
    const std::string viewer = viewer_of(request);
    if (!viewer.empty()) return answer(viewer, request);
    return HttpResponse::error(
        400, "X-Bunshin-Viewer says who asks: at most 64 letters, digits, - and _");
  });
}

}  // namespace

HttpOptions scope_http_options() {
  HttpOptions options;
  options.background = true;
  options.content_security_policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return options;
}

void serve_scope(HttpServer& server, Viewers& viewers, Steering& steering, LoopSampler& sampler,
                 const std::string& hello) {
  for (const PageFile& file : page_files()) {
    const auto answer = [&file](const HttpRequest&) {
      return HttpResponse{200, std::string(file.type), std::string(file.text)};
    };
    server.get(std::string(file.path), answer);
    if (file.path == "/index.html") server.get("/", answer);
  }
  server.get("/state", [&steering, &sampler, hello](const HttpRequest&) {
    return HttpResponse{200, "application/json",
                        fmt::format("{{{},{},\"handlers\":[{}]}}\n", hello, steering.state_json(),
                                    sampler.handlers_json())};
  });
  server.stream(
      "/events", "text/event-stream",
      [&viewers](const HttpRequest& request, HttpStream& stream) {
        viewers.add(stream, request.parameter("background") == "1");
      },
      [&viewers](const HttpRequest&) {
        return viewers.count() < Viewers::kMost ? std::string()
                                                : fmt::format("{} look on already", Viewers::kMost);
      });
  post(server, "/pause", [&](const auto& viewer, const auto&) { return steering.pause(viewer); });
  post(server, "/step", [&](const auto& viewer, const auto&) { return steering.step(viewer); });
  post(server, "/go_on", [&](const auto& viewer, const auto&) { return steering.go_on(viewer); });
  post(server, "/slow", [&](const auto& viewer, const HttpRequest& request) {
    return steering.slow(viewer, request.parameter("ms"));
  });
  post(server, "/model", [&](const auto& viewer, const HttpRequest& request) {
    return steering.model(viewer, request.parameter("name"));
  });
}

}  // namespace bunshin
