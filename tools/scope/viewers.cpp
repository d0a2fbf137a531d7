#include "tools/scope/viewers.h"

#include <algorithm>
#include <utility>

#include "handlers/http/http_response.h"
#include "reactor/reactor.h"

namespace bunshin {

namespace {

using Name = LoopEvent::Name;

/// What there is very much of, when a loop is busy.
bool is_detail(Name name) {
  return name == Name::round_begins || name == Name::waited || name == Name::round_ends ||
         name == Name::ready || name == Name::begins || name == Name::ends || name == Name::did ||
         name == Name::parked || name == Name::posts || name == Name::timers ||
         name == Name::corked;
}

/// Collects what one viewer is told alone.
class Letter final : public EventSink {
 public:
  explicit Letter(bool background) : background_(background) {}
  void event(const LoopEvent& event) override {
    if (!event.background || background_) text += server_sent_event(event.json());
  }
  std::string text;

 private:
  const bool background_;
};

}  // namespace

Viewers::Viewers(LoopRecorder& recorder, std::string hello, std::function<void()> changed)
    : recorder_(recorder), hello_(std::move(hello)), changed_(std::move(changed)) {
  recorder_.add(*this);
}

Viewers::~Viewers() {
  recorder_.remove(*this);
  for (Viewer& viewer : viewers_) viewer.stream.on_gone = nullptr;
}

void Viewers::add(HttpStream& stream, bool background) {
  flush();
  viewers_.push_back({stream, background});
  stream.on_gone = [this, &stream] { leave(stream); };
  take_up();
  begin(viewers_.back());
  changed_();
}

void Viewers::leave(HttpStream& stream) {
  viewers_.remove_if([&stream](const Viewer& viewer) { return &viewer.stream == &stream; });
  take_up();
  changed_();
}

/// Does what the number of viewers asks for.
void Viewers::take_up() {
  backgrounds_ = static_cast<std::size_t>(std::count_if(
      viewers_.begin(), viewers_.end(), [](const auto& its) { return its.background; }));
  recorder_.want_background(backgrounds_ > 0);
  if (!viewers_.empty()) return;
  plain_ = whole_ = {};
  left_out_ = depth_ = 0;
  skipping_ = round_told_ = false;
}

/// The reader forgets what it knew: see docs/events.md.
void Viewers::begin(Viewer& viewer) {
  Letter letter(viewer.background);
  if (viewer.missed > 0) {
    LoopEvent gap(Name::dropped, recorder_.now(), 0);
    gap.count = std::exchange(viewer.missed, 0);
    letter.event(gap);
  }
  LoopEvent hello(Name::hello, recorder_.now(), 0);
  hello.members = hello_;
  letter.event(hello);
  recorder_.tell_handlers(letter);
  if (on_begin) on_begin(letter);
  viewer.stream.send(letter.text);
}

void Viewers::flush() {
  const Collected plain = std::exchange(plain_, {});
  const Collected whole = std::exchange(whole_, {});
  for (Viewer& viewer : viewers_) {
    const Collected& its = viewer.background ? whole : plain;
    if (its.events == 0 && viewer.missed == 0) continue;
    if (!viewer.stream.has_room()) {
      viewer.missed += its.events;
      continue;
    }
    if (viewer.missed > 0) {
      viewer.missed += its.events;
      begin(viewer);
    } else {
      viewer.stream.send(its.text);
    }
  }
}

/// Where something begins that can be left out as a whole, it is decided whether it is.
bool Viewers::left_out(const LoopEvent& event) {
  if (event.name == Name::begins && depth_++ > 0) return skipping_;
  if (event.name == Name::ends && depth_ > 0) --depth_;
  if (event.name == Name::round_begins) {
    depth_ = 0;
    skipping_ = details_ >= kDetails;
    round_told_ = !skipping_;
    return skipping_;
  }
  if (event.name == Name::round_ends) return !std::exchange(round_told_, false);
  if (event.name == Name::begins || event.name == Name::ready) {
    skipping_ = !round_told_ || details_ >= kDetails;
  }
  return skipping_;
}

void Viewers::event(const LoopEvent& event) {
  if (viewers_.empty()) return;
  if (is_detail(event.name) && !event.background) {
    if (left_out(event)) {
      ++left_out_;
      return;
    }
    ++details_;
  }
  if (left_out_ > 0) {
    LoopEvent gap(Name::dropped, event.t, event.round);
    gap.count = std::exchange(left_out_, 0);
    append(gap);
  }
  append(event);
}

void Viewers::append(const LoopEvent& event) {
  const std::string text = server_sent_event(event.json());
  for (auto* collected : {&plain_, &whole_}) {
    if (collected == &plain_ ? event.background : backgrounds_ == 0) continue;
    collected->text += text;
    ++collected->events;
  }
}

}  // namespace bunshin
