#include "tools/scope/loop_recorder.h"

#include <algorithm>
#include <array>
#include <exception>
#include <typeinfo>
#include <utility>

#include "reactor/log.h"

namespace bunshin {

namespace {

using Name = LoopEvent::Name;

/// As one speaks of it: without the namespaces that all have in common.
std::string short_class_name(const std::type_info& type) {
  std::string name = class_name(type).text();
  for (const std::string_view part : {"bunshin::", "(anonymous namespace)::"}) {
    for (auto at = name.find(part); at != name.npos; at = name.find(part)) {
      name.erase(at, part.size());
    }
  }
  return name;
}

std::string_view kind_of_file(Host& host, int fd) {
  try {
    const Nature nature = host.examine(fd);
    if (nature.socket) return "socket";
    if (nature.tty) return "tty";
    return nature.never_waits ? "file" : "pipe";
  } catch (const std::exception&) {
    return "file";
  }
}

/// What it calls itself, or nothing.
template <typename Function>
std::string name_or_nothing(Function&& function) {
  try {
    return function();
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace

LoopRecorder::LoopRecorder(Reactor& reactor) : reactor_(reactor), began_(reactor.host().now()) {
  reactor_.for_each([this](EventHandler& handler) {
    if (handler.descriptor() < 0) return;
    // A registration that has been made does not tell its kind any more.
    const bool listens = reactor_.host().listens(handler.descriptor());
    const bool socket = kind_of_file(reactor_.host(), handler.descriptor()) == "socket";
    const Kind kind = listens ? Kind::listener : socket ? Kind::inet_stream : Kind::file;
    enter(handler, kind, Model::remembered).model_known = false;
  });
  reactor_.observe(this);
}

LoopRecorder::~LoopRecorder() { reactor_.observe(nullptr); }

void LoopRecorder::want_details(bool wanted) {
  if (wanted == details_) return;
  details_ = wanted;
  running_.clear();
  round_shown_ = waited_ = false;
  round_began_ = woken_ = now();
}

WatchedHandler& LoopRecorder::enter(const EventHandler& handler, Kind kind, Model model) {
  WatchedHandler its;
  its.id = ++last_id_;
  its.handler = &handler;
  its.fd = handler.descriptor();
  its.kind = kind;
  its.model = model;
  its.touched = now();
  new_.push_back(&handler);
  return handlers_[&handler] = std::move(its);
}

/// When it is whole: the constructor of a base class may register it.
void LoopRecorder::name(WatchedHandler& its) const {
  const EventHandler& handler = *its.handler;
  Host& host = reactor_.host();
  its.class_name = short_class_name(typeid(handler));
  its.background = !handler.has_ref();
  its.ready = handler.known_ready();
  its.told = true;
  if (its.kind == Kind::file) {
    its.kind_name = kind_of_file(host, its.fd);
    return;
  }
  its.kind_name = its.kind == Kind::listener ? "listener"
                  : handler.connecting()     ? "connecting"
                                             : "connection";
  its.local = name_or_nothing([&] { return host.local_name(its.fd).to_string(); });
  if (its.kind == Kind::listener) return;
  its.peer = name_or_nothing([&] { return host.peer_name(its.fd).to_string(); });
}

void LoopRecorder::tell_opened() {
  for (const EventHandler* handler : std::exchange(new_, {})) {
    const auto found = handlers_.find(handler);
    if (found == handlers_.end() || found->second.told) continue;
    WatchedHandler& its = found->second;
    name(its);
    LoopEvent event = make(Name::opened);
    event.its = &its;
    event.background = its.background;
    if (details_ && !its.background) ++calls_.calls;
    send(event);
  }
}

void LoopRecorder::tell_handlers(EventSink& sink) {
  tell_opened();
  for (const auto& [handler, its] : handlers_) {
    LoopEvent event = make(Name::opened);
    event.its = &its;
    event.background = its.background;
    event.members = ",\"already\":true";
    sink.event(event);
  }
}

const WatchedHandler* LoopRecorder::find(const EventHandler* handler) const {
  const auto found = handlers_.find(handler);
  return found == handlers_.end() ? nullptr : &found->second;
}

void LoopRecorder::tell(Name name, std::string_view members, const WatchedHandler* its) {
  LoopEvent event = make(name);
  event.members = members;
  event.its = its;
  for (EventSink* sink : sinks_) sink->event(event);
}

void LoopRecorder::tell_sample(const LoopTotals& totals, std::string_view members) {
  LoopEvent event = make(Name::sample);
  event.members = members;
  event.totals = &totals;
  for (EventSink* sink : sinks_) sink->event(event);
}

/// The round becomes known with the first that happens in it.
void LoopRecorder::show_round() {
  if (round_shown_ || round_ == 0) return;
  round_shown_ = true;
  ++calls_.calls;  // its wait
  const LoopEvent begin(Name::round_begins, round_began_, round_);
  for (EventSink* sink : sinks_) sink->event(begin);
  if (!waited_) return;
  LoopEvent wait(Name::waited, woken_, round_);
  wait.duration = limit_;
  wait.count = events_;
  for (EventSink* sink : sinks_) sink->event(wait);
}

void LoopRecorder::send(const LoopEvent& event) {
  if (event.background) {
    if (!background_wanted_) return;
  } else if (details_) {
    show_round();
  }
  for (EventSink* sink : sinks_) sink->event(event);
}

// --- Observer ---

void LoopRecorder::round_begins(std::uint64_t number) {
  round_ = number;
  if (!details_) return;
  running_.clear();
  round_shown_ = waited_ = false;
  round_began_ = now();
}

void LoopRecorder::waited(Duration limit, std::size_t events) {
  if (!details_) return;
  waited_ = true;
  woken_ = now();
  limit_ = limit;
  events_ = events;
  if (!round_shown_) return;
  LoopEvent event(Name::waited, woken_, round_);
  event.duration = limit;
  event.count = events;
  send(event);
}

void LoopRecorder::round_ends() {
  if (!new_.empty()) tell_opened();
  if (!details_ || !round_shown_) return;
  send(make(Name::round_ends));
  round_shown_ = false;
}

void LoopRecorder::opened(const EventHandler& handler, Kind kind, Model model) {
  enter(handler, kind, model);
}

void LoopRecorder::closing(const EventHandler& handler) {
  tell_opened();
  const auto found = handlers_.find(&handler);
  if (found == handlers_.end()) return;
  LoopEvent event = make(Name::closing);
  event.its = &found->second;
  event.background = found->second.background;
  send(event);
  handlers_.erase(found);
}

void LoopRecorder::ready(const EventHandler& handler, std::uint8_t bits) {
  if (!details_) return;
  if (!new_.empty()) tell_opened();
  const auto found = handlers_.find(&handler);
  if (found == handlers_.end()) return;
  found->second.ready |= bits;
  LoopEvent event = make(Name::ready);
  event.its = &found->second;
  event.background = found->second.background;
  event.bits = bits;
  send(event);
}

void LoopRecorder::interest_changed(const EventHandler& handler) {
  if (details_ && handler.has_ref()) ++calls_.calls;
}

/// Whose callback it is, also of one that has no descriptor.
WatchedHandler LoopRecorder::described(const EventHandler& handler) {
  WatchedHandler its;
  if (const WatchedHandler* found = find(&handler); found != nullptr) {
    its.id = found->id;
    its.background = found->background;
    return its;
  }
  its.class_name = short_class_name(typeid(handler));
  its.background = !handler.has_ref();
  return its;
}

/// One that threw is not told to end: it ends with the handle_error that follows.
void LoopRecorder::begins(const EventHandler& handler, Callback callback) {
  if (!details_) return;
  if (!new_.empty()) tell_opened();
  if (callback == Callback::error && !running_.empty() && running_.back().handler == &handler) {
    const Running over = std::move(running_.back());
    running_.pop_back();
    end(over, true);
  }
  running_.push_back({&handler, callback, now(), described(handler)});
  const Running& its = running_.back();
  if (const auto found = handlers_.find(&handler); found != handlers_.end()) {
    found->second.parked = false;
  }
  LoopEvent event(Name::begins, its.since, round_);
  event.its = &its.its;
  event.background = its.its.background;
  event.callback = callback;
  send(event);
}

void LoopRecorder::ends(const EventHandler& handler, Callback callback) {
  if (!details_) return;
  if (!new_.empty()) tell_opened();
  const auto same = [&](const Running& one) {
    return one.handler == &handler && one.callback == callback;
  };
  if (std::none_of(running_.begin(), running_.end(), same)) return;
  for (;;) {
    const Running over = std::move(running_.back());
    running_.pop_back();
    const bool its = same(over);
    end(over, !its);
    if (its) return;
  }
}

void LoopRecorder::end(const Running& over, bool threw) {
  LoopEvent event = make(Name::ends);
  event.its = &over.its;
  event.background = over.its.background;
  event.callback = over.callback;
  event.duration = event.t - over.since;
  event.threw = threw;
  const auto found = handlers_.find(over.handler);
  if (found != handlers_.end() && found->second.id == over.its.id) {
    found->second.served += event.duration;
    found->second.touched = event.t;
  }
  send(event);
}

void LoopRecorder::did(const EventHandler& handler, Operation operation, std::size_t asked,
                       const IoResult& result) {
  if (!details_) return;
  const auto found = handlers_.find(&handler);
  if (found == handlers_.end()) return;
  if (!new_.empty() && !found->second.told) tell_opened();
  WatchedHandler& its = found->second;
  if (!its.background) ++calls_.calls;
  const bool receives = operation != Operation::send;
  if (operation == Operation::receive) {
    its.received += result.bytes;
    if (result.bytes > 0 && !its.background) ++calls_.messages;
  } else if (operation == Operation::send) {
    its.sent += result.bytes;
  }
  LoopEvent event = make(Name::did);
  its.touched = event.t;
  if (result.status == IoStatus::exhausted) {
    its.ready &= static_cast<std::uint8_t>(~(receives ? ready::readable : ready::writable));
  }
  event.its = &its;
  event.background = its.background;
  event.operation = operation;
  event.count = asked;
  event.result = result;
  send(event);
}

void LoopRecorder::about(Name name, const EventHandler& handler, Duration duration) {
  if (!details_) return;
  const auto found = handlers_.find(&handler);
  if (found == handlers_.end()) return;
  if (name == Name::parked) found->second.parked = true;
  LoopEvent event = make(name);
  event.its = &found->second;
  event.background = found->second.background;
  event.duration = duration;
  send(event);
}

void LoopRecorder::about(Name name, std::size_t count) {
  if (!details_) return;
  LoopEvent event = make(name);
  event.count = count;
  send(event);
}

void LoopRecorder::parked(const EventHandler& handler) { about(Name::parked, handler); }
void LoopRecorder::stuck(const EventHandler& handler) { about(Name::stuck, handler); }
void LoopRecorder::starved(const EventHandler& handler, Duration delay) {
  about(Name::starved, handler, delay);
}

void LoopRecorder::posts_begin(std::size_t count) { about(Name::posts, count); }
void LoopRecorder::corked_begin(std::size_t count) { about(Name::corked, count); }

/// Not in a round that shows nothing else: most timers run for those who look on.
void LoopRecorder::timers_begin() {
  if (details_ && round_shown_) send(make(Name::timers));
}

}  // namespace bunshin
