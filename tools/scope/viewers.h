#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>

#include "handlers/http/http_stream.h"
#include "tools/scope/loop_recorder.h"

namespace bunshin {

/// Those who look on: sends the event stream to each, in pieces, as server-sent events. A loop can
/// tell more than anybody can look at: then what tells of single callbacks is left out, whole
/// rounds of it, counted, and the number told. So it is with a viewer that does not read: what it
/// has missed is told when it reads again, and it begins anew. In the reactor's thread.
class Viewers final : public EventSink {
 public:
  /// So many are served.
  static constexpr std::size_t kMost = 16;
  /// So many events that tell of single callbacks are sent in a Budget's time, more or less: a
  /// callback that has begun is told to its end.
  static constexpr std::size_t kDetails = 2000;
  static constexpr Duration kBudgetTime = std::chrono::milliseconds(250);

  /// `recorder` must outlive it. `hello`: the first event's further members. `changed`: who looks
  /// on is not the same as before.
  Viewers(LoopRecorder& recorder, std::string hello, std::function<void()> changed);
  ~Viewers();
  Viewers(const Viewers&) = delete;
  Viewers& operator=(const Viewers&) = delete;

  /// Someone has come. `state`: events that say how things stand, appended by who knows.
  void add(HttpStream& stream, bool background);
  [[nodiscard]] std::size_t count() const { return viewers_.size(); }
  /// What is added to the beginning of each stream, behind the handlers: called with a sink.
  std::function<void(EventSink&)> on_begin;

  /// Sends what has been collected. Not from an observer.
  void flush();
  /// A new time begins for the budget.
  void renew_budget() { details_ = 0; }

  void event(const LoopEvent& event) override;

 private:
  struct Viewer {
    HttpStream& stream;
    bool background;
    std::size_t missed = 0;  // events
  };
  void leave(HttpStream& stream);
  void begin(Viewer& viewer);
  void take_up();
  [[nodiscard]] bool left_out(const LoopEvent& event);
  void append(const LoopEvent& event);

  LoopRecorder& recorder_;
  const std::string hello_;
  const std::function<void()> changed_;
  std::list<Viewer> viewers_;

  // Collected since the last flush: without the background, and with it (when someone wants that).
  struct Collected {
    std::string text;
    std::size_t events = 0;
  };
  Collected plain_, whole_;
  std::size_t backgrounds_ = 0;  // viewers that want it

  std::size_t details_ = 0;   // in this time
  std::size_t left_out_ = 0;  // and not told yet
  std::size_t depth_ = 0;     // of callbacks that run
  bool skipping_ = false;
  bool round_told_ = false;
};

}  // namespace bunshin
