#include "tools/scope/steering.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "reactor/host.h"

namespace bunshin {

namespace {

using Name = LoopEvent::Name;

constexpr std::uint32_t kSlowest = 60'000;  // ms

/// What a step would call.
Callback next_callback(const WatchedHandler& its) {
  const EventHandler& handler = *its.handler;
  if (its.kind == Kind::listener) return Callback::accept;
  if (handler.connecting()) return Callback::connect;
  if (handler.ended() || handler.error() != 0) return Callback::close;
  const std::uint8_t ready = handler.known_ready();
  const bool writes = (ready & ready::writable) != 0 && handler.owes();
  return (ready & ready::readable) == 0 && writes ? Callback::write : Callback::read;
}

void tell(EventSink& sink, const LoopRecorder& recorder, Name name, std::string_view members,
          const WatchedHandler* its = nullptr) {
  LoopEvent event(name, recorder.now(), recorder.reactor().stats().rounds);
  event.members = members;
  event.its = its;
  sink.event(event);
}

}  // namespace

Steering::Steering(LoopRecorder& recorder, Duration patience, std::function<void(Model)> set_model)
    : recorder_(recorder),
      reactor_(recorder.reactor()),
      patience_(patience),
      set_model_(std::move(set_model)),
      abandoned_ticker_(reactor_.emplace<Ticker>([this] { abandoned(); })),
      slow_ticker_(reactor_.emplace<Ticker>([this] {
        if (reactor_.paused()) reactor_.step();
      })) {
  if (set_model_) model_ = Model::remembered;
}

Steering::~Steering() {
  abandoned_ticker_.close();
  slow_ticker_.close();
}

HttpResponse Steering::pause(std::string_view viewer) {
  stop_slow();
  reactor_.pause();
  if (!std::exchange(paused_, true)) {
    paused_by_ = viewer;
    recorder_.tell(Name::paused, fmt::format(R"(,"by":{})", json_string(viewer)));
  }
  acted(viewer);
  return HttpResponse::done();
}

HttpResponse Steering::step(std::string_view viewer) {
  if (!reactor_.paused()) return HttpResponse::error(409, "only a paused loop makes single steps");
  reactor_.step();
  acted(viewer);
  return HttpResponse::done();
}

HttpResponse Steering::go_on(std::string_view viewer) {
  stop_slow();
  reactor_.go_on();
  resume(json_string(viewer));
  acted(viewer);
  return HttpResponse::done();
}

HttpResponse Steering::slow(std::string_view viewer, const std::optional<std::string>& ms) {
  const std::string text = ms.value_or("");
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() ||
      number > kSlowest) {
    return HttpResponse::error(400, "?ms= is a number of milliseconds from 0 to 60000");
  }
  if (number == 0) return go_on(viewer);
  resume(json_string(viewer));
  slow_ = number;
  reactor_.pause();
  slow_ticker_.every(std::chrono::milliseconds(number));
  acted(viewer);
  return HttpResponse::done();
}

HttpResponse Steering::model(std::string_view viewer, const std::optional<std::string>& name) {
  if (!set_model_) {
    return HttpResponse::error(409, "this program has no choice of models for new connections");
  }
  for (const Model one : {Model::remembered, Model::drain, Model::level}) {
    if (name != name_of(one)) continue;
    set_model_(one);
    model_ = one;
    acted(viewer);
    return HttpResponse::done();
  }
  return HttpResponse::error(400, "?name= is one of remembered, drain and level");
}

void Steering::stop_slow() {
  slow_ = 0;
  slow_ticker_.stop();
}

void Steering::resume(const std::string& by) {
  held_.clear();
  if (std::exchange(paused_, false)) recorder_.tell(Name::resumed, fmt::format(R"(,"by":{})", by));
}

void Steering::acted(std::string_view viewer) {
  viewer_ = viewer;
  tell_steering();
  look();
  set_viewers(viewers_);
}

/// A loop that was paused from a page that is gone must not stand still for ever.
void Steering::set_viewers(std::size_t count) {
  if (std::exchange(viewers_, count) != count) tell_steering();
  if (count > 0 || !reactor_.paused()) {
    abandoned_ticker_.stop();
  } else if (!abandoned_ticker_.runs()) {
    abandoned_ticker_.once(patience_);
  }
}

void Steering::abandoned() {
  stop_slow();
  reactor_.go_on();
  resume("null");
  tell_steering();
}

void Steering::look() {
  if (!reactor_.paused()) {
    if (paused_ || slow_ > 0) {  // finish() ends a pause, too
      stop_slow();
      resume("null");
    }
    return;
  }
  const WatchedHandler* its = recorder_.find(reactor_.next_held());
  std::string members = held_members();
  const std::string now = fmt::format("{} {}", its == nullptr ? 0 : its->id, members);
  if (now == held_) return;
  held_ = now;
  recorder_.tell(Name::held, members, its);
}

std::string Steering::held_members() const {
  const WatchedHandler* its = recorder_.find(reactor_.next_held());
  if (its == nullptr) return R"(,"handler":null,"callback":null,"waiting":null)";
  const auto waiting = reactor_.host().queues(its->fd).in;
  return fmt::format(R"(,"callback":"{}","waiting":{})", name_of(next_callback(*its)),
                     waiting ? std::to_string(*waiting) : "null");
}

std::string Steering::steering_members() const {
  return fmt::format(R"(,"viewer":{},"viewers":{},"slow":{},"model":{})",
                     json_string_or_null(viewer_), viewers_, slow_,
                     model_ ? fmt::format("\"{}\"", name_of(*model_)) : "null");
}

void Steering::tell_steering() { recorder_.tell(Name::steering, steering_members()); }

void Steering::tell_state(EventSink& sink) const {
  tell(sink, recorder_, Name::steering, steering_members());
  if (paused_) {
    tell(sink, recorder_, Name::paused, fmt::format(R"(,"by":{})", json_string(paused_by_)));
  }
  if (reactor_.paused()) {
    tell(sink, recorder_, Name::held, held_members(), recorder_.find(reactor_.next_held()));
  }
}

std::string Steering::state_json() const {
  return fmt::format(R"("paused":{}{})", paused_, steering_members());
}

}  // namespace bunshin
