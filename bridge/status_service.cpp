#include "bridge/status_service.h"

#include <array>
#include <utility>

#include "bridge/loop_lag.h"

namespace bunshin {
namespace {

/// Not to be taken for another server of the same loop.
class StatusServer : public HttpServer {
 public:
  using HttpServer::HttpServer;
};

constexpr std::array kLagBounds = {0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0};

}  // namespace

StatusService::StatusService(const ServiceContext& context, std::function<std::string()> trouble,
                             std::function<void(PrometheusText&)> metrics)
    : context_(context),
      trouble_(std::move(trouble)),
      metrics_(std::move(metrics)),
      lag_(kLagBounds) {}

StatusService::~StatusService() { end(); }

/// The names are asked for with each request, so one server has the old ones for as long as it
/// lives.
void StatusService::configure(const BridgeConfig& config) {
  const StatusConfig& fresh = config.status;
  if (fresh == config_) return;
  if (fresh.listen == config_.listen) end();  // two can not have one address
  auto* const before = find_handler<StatusServer>(context_.reactor);
  if (!fresh.listen.empty()) serve(fresh);
  if (before != nullptr) before->end();
  const bool watched = find_handler<LoopLag>(context_.reactor) != nullptr;
  if (!fresh.listen.empty() && !watched) context_.reactor.emplace<LoopLag>(lag_);
  config_ = fresh;
}

void StatusService::serve(const StatusConfig& config) {
  HttpOptions options;
  options.names = config.names;
  auto& server = make_listener<StatusServer>(context_, "status", config.listen, std::move(options));
  server.get("/healthz", [this](const HttpRequest&) {
    const std::string trouble = trouble_();
    return trouble.empty() ? HttpResponse{.body = "ok\n"} : HttpResponse::error(503, trouble);
  });
  server.get("/metrics", [this](const HttpRequest&) {
    PrometheusText text;
    metrics_(text);
    return HttpResponse{.type = PrometheusText::kType, .body = text.take()};
  });
}

void StatusService::end() {
  if (auto* const server = find_handler<StatusServer>(context_.reactor)) server->end();
}

void StatusService::write(PrometheusText& text) const {
  text.histogram("bunshin_loop_lag_seconds", "By how much a timer of the loop missed its time.",
                 lag_);
}

}  // namespace bunshin
