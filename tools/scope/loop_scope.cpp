#include "tools/scope/loop_scope.h"

#include <fmt/format.h>
#include <unistd.h>

#include "reactor/host.h"
#include "tools/scope/log_tap.h"
#include "tools/scope/loop_recorder.h"
#include "tools/scope/loop_sampler.h"
#include "tools/scope/loop_warnings.h"
#include "tools/scope/scope_server.h"
#include "tools/scope/steering.h"
#include "tools/scope/ticker.h"
#include "tools/scope/trace_entries.h"
#include "tools/scope/viewers.h"

namespace bunshin {

namespace {

/// So often what was collected is sent: sooner than an eye sees.
constexpr Duration kFlush = std::chrono::milliseconds(40);

/// What this is, as members of a JSON object.
std::string introduction(const Reactor& reactor, const ScopeOptions& options) {
  return fmt::format(
      R"("schema":{},"program":{},"version":{},"engine":{},"pid":{},"time":{},"budget":{})",
      kEventSchema, json_string(options.program), json_string(options.version),
      json_string(reactor.engine_name()), ::getpid(), reactor.host().date() * 1000,
      reactor.options().turn_bytes);
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      break;
  }
  return "error";
}

}  // namespace

/// Either may go first, the server or the scope.
class LiveServer : public HttpServer {
 public:
  LiveServer(Reactor& reactor, const Endpoint& endpoint, LiveServer*& place)
      : HttpServer(reactor, endpoint, scope_http_options()), place_(&place) {
    *place_ = this;
  }
  ~LiveServer() override {
    if (place_ != nullptr) *place_ = nullptr;
  }
  void leave() {
    place_ = nullptr;
    end();
  }

 private:
  LiveServer** place_;
};

struct LoopScope::Parts {
  Parts(Reactor& reactor, const ScopeOptions& options);
  ~Parts();
  void serve(const Endpoint& endpoint);
  void take_up();
  void tick();
  void tell_log();
  void tell(LogLevel level, std::string_view text);

  Reactor& reactor;
  const std::string hello;
  LoopRecorder recorder{reactor};
  Viewers viewers;
  Steering steering;
  std::optional<TraceEntries> trace;
  LoopWarnings warnings{recorder};
  LoopSampler sampler{recorder, warnings};
  LogTap log{reactor.host()};
  Ticker& ticker;
  Duration next_sample{};
  LiveServer* server = nullptr;
};

LoopScope::Parts::Parts(Reactor& its_reactor, const ScopeOptions& options)
    : reactor(its_reactor),
      hello(introduction(reactor, options)),
      viewers(recorder, ',' + hello, [this] { take_up(); }),
      steering(recorder, options.patience, options.set_model),
      ticker(reactor.emplace<Ticker>([this] { tick(); })) {
  viewers.on_begin = [this](EventSink& sink) { steering.tell_state(sink); };
  if (!options.trace.empty()) {
    trace.emplace(recorder, options.trace, options.trace_limit, options.program, ',' + hello);
    recorder.tell_handlers(*trace);
  }
  if (options.address) serve(*options.address);
  take_up();
}

LoopScope::Parts::~Parts() {
  ticker.close();
  if (server != nullptr) server->leave();
}

void LoopScope::Parts::serve(const Endpoint& endpoint) {
  auto& its = reactor.emplace<LiveServer>(endpoint, server);
  serve_scope(its, viewers, steering, sampler, hello);
}

/// Does what the number of those who look on asks for.
void LoopScope::Parts::take_up() {
  const bool watched = viewers.count() > 0 || (trace && !trace->failed());
  recorder.want_details(watched);
  steering.set_viewers(viewers.count());
  if (!watched) {
    ticker.stop();
  } else if (!ticker.runs()) {
    ticker.every(kFlush);
  }
}

void LoopScope::Parts::tell_log() {
  for (const LogTap::Line& line : log.take()) tell(line.level, line.text);
}

void LoopScope::Parts::tell(LogLevel level, std::string_view text) {
  recorder.tell(LoopEvent::Name::log,
                fmt::format(R"(,"level":"{}","text":{})", name_of(level), json_string(text)));
}

void LoopScope::Parts::tick() {
  tell_log();
  steering.look();
  if (const Duration now = recorder.now(); now >= next_sample) {
    next_sample = now + LoopSampler::kInterval;
    viewers.renew_budget();
    sampler.sample();
  }
  viewers.flush();
  if (trace && trace->failed()) take_up();
}

LoopScope::LoopScope(Reactor& reactor, const ScopeOptions& options)
    : parts_(std::make_unique<Parts>(reactor, options)) {}

LoopScope::~LoopScope() = default;

std::string LoopScope::url() const {
  if (parts_->server == nullptr) return {};
  return fmt::format("http://{}/", parts_->server->local_address().to_string());
}

std::size_t LoopScope::viewers() const { return parts_->viewers.count(); }

void LoopScope::tell(std::string_view text) { parts_->tell(LogLevel::info, text); }

}  // namespace bunshin
