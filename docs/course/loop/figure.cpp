#include "figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace bunshin::loop {

namespace {

/// Far more than a figure has to do in a moment: a loop that spins shall not hang the page.
constexpr int kMostSteps = 20'000;

}  // namespace

Figure::Figure(const Scenario& scenario, std::string_view choice)
    : has_models_(scenario.has_models) {
  teller_.tell("hello",
               fmt::format(R"(,"schema":1,"program":"{}","version":"","engine":"{}","pid":1,)"
                           R"("time":0,"budget":{})",
                           scenario.name, server_.reactor().engine_name(),
                           server_.reactor().options().turn_bytes));
  scenario.begin(*this, choice);
  tell_steering();
  pass(std::chrono::milliseconds(1));
}

// --- Steering ---

void Figure::steer(std::function<void(Reactor&)> what) {
  Reactor& reactor = server_.reactor();
  reactor.post([&reactor, what = std::move(what)] { what(reactor); });
}

void Figure::pause() {
  steer([this](Reactor& reactor) {
    stop_slow();
    reactor.pause();
    teller_.tell("paused", R"(,"by":"reader")");
    tell_steering();
  });
}

void Figure::step() {
  steer([](Reactor& reactor) {
    if (reactor.paused()) reactor.step();
  });
}

void Figure::go_on() {
  steer([this](Reactor& reactor) {
    stop_slow();
    reactor.go_on();
    teller_.tell("resumed", R"(,"by":"reader")");
    tell_steering();
  });
}

void Figure::slow(std::uint32_t ms) {
  if (ms == 0) return go_on();
  steer([this, ms](Reactor& reactor) {
    stop_slow();
    if (reactor.paused()) teller_.tell("resumed", R"(,"by":"reader")");
    slow_ = ms;
    reactor.pause();
    slow_timer_ = reactor.call_every(std::chrono::milliseconds(ms), [&reactor] { reactor.step(); });
    tell_steering();
  });
}

void Figure::stop_slow() {
  if (std::exchange(slow_, 0) != 0) server_.reactor().cancel(slow_timer_);
}

void Figure::use_model(std::string_view name) {
  for (const Model model : {Model::remembered, Model::drain, Model::level}) {
    if (has_models_ && name == model_name(model)) model_ = model;
  }
  tell_steering();
}

void Figure::tell_steering() {
  teller_.tell("steering",
               fmt::format(R"(,"viewer":"reader","viewers":1,"slow":{},"model":{})", slow_,
                           has_models_ ? json_string(model_name(model_)) : "null"));
}

// --- The world ---

Actor& Figure::add_actor(std::string name) {
  actors_.emplace_back().name = std::move(name);
  return actors_.back();
}

std::size_t Figure::connect() {
  Actor& actor = add_actor(std::string(1, static_cast<char>('A' + clients_++ % 26)));
  others_.reactor().post(
      [this, &actor] { others_.reactor().emplace<Client>(actor).connect(address_); });
  return actors_.size() - 1;
}

void Figure::act(std::size_t number, std::function<void(Actor&, BufferedDispatcher&)> what) {
  others_.reactor().post([this, number, what = std::move(what)] {
    Actor* const its = actor(number);
    if (its != nullptr && its->handler != nullptr) what(*its, *its->handler);
  });
}

void Figure::pass(Duration time) {
  bool over = false;
  // It may be left when the world has too much to do, and come later than somebody waits for it.
  const auto end = std::make_shared<bool*>(&over);
  world_.after(time, [end] {
    if (*end != nullptr) **end = true;
  });
  for (int step = 0; step < kMostSteps && !over && world_.step(); ++step) {
    if (server_.reactor().paused()) teller_.held(server_.reactor().next_held());
    for (const EventHandler* handler : std::exchange(edges_, {}))
      server_.reactor().post([this, handler] { edge_(*handler); });
  }
  *end = nullptr;
  teller_.sample();
}

std::string Figure::take_events() { return teller_.take(); }

void Figure::on_edge(std::function<void(const EventHandler&)> function) {
  edge_ = std::move(function);
  // An edge that finds the handler reading is not a new one for it.
  teller_.on_edge = [this](const EventHandler& handler) {
    if (handler.reading_paused()) edges_.push_back(&handler);
  };
}

std::string Figure::actors_json() const {
  std::string list;
  for (const Actor& actor : actors_) {
    const BufferedDispatcher* handler = actor.handler;
    const auto here = handler != nullptr && handler->descriptor() >= 0
                          ? handler->reactor().host().queues(handler->descriptor())
                          : KernelQueues{};
    list += fmt::format(
        R"({}{{"name":{},"state":"{}","heard":{},"heard_bytes":{},"reads":{},"unread":{},"unsent":{}}})",
        list.empty() ? "" : ",", json_string(actor.name), actor.state, json_string(actor.heard),
        actor.heard_bytes, handler != nullptr && !handler->reading_paused(), here.in.value_or(0),
        handler != nullptr ? handler->buffered() : 0);
  }
  return "[" + list + "]";
}

}  // namespace bunshin::loop
