#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reactor/host.h"
#include "reactor/observer.h"
#include "reactor/reactor.h"
#include "tools/scope/loop_event.h"

namespace bunshin {

/// Takes the events of a loop. Called in the middle of things, as an Observer is: it must not call
/// the reactor.
class EventSink {
 public:
  virtual void event(const LoopEvent& event) = 0;

 protected:
  ~EventSink() = default;
};

/// Makes the event stream of a loop out of what its observer is told, and hands it to sinks. Owned
/// by whoever watches; taken off the reactor when it is destroyed, before the reactor. One thread,
/// the reactor's.
///
/// A round in which nothing happens to a handler that is shown is not told of, so that those who
/// look on do not see themselves looking.
class LoopRecorder final : public Observer {
 public:
  /// Watches `reactor` from now on. Not from a callback.
  explicit LoopRecorder(Reactor& reactor);
  ~LoopRecorder() override;
  LoopRecorder(const LoopRecorder&) = delete;
  LoopRecorder& operator=(const LoopRecorder&) = delete;

  /// They must outlive this, or be taken off.
  void add(EventSink& sink) { sinks_.push_back(&sink); }
  void remove(EventSink& sink) { std::erase(sinks_, &sink); }

  /// Whether anybody wants more than `opened` and `closing`; if not, the loop pays next to nothing.
  void want_details(bool wanted);
  /// Whether anybody wants the events of handlers in the background.
  void want_background(bool wanted) { background_wanted_ = wanted; }

  /// Tells an event that is not the loop's own. `members`: see LoopEvent.
  void tell(LoopEvent::Name name, std::string_view members, const WatchedHandler* its = nullptr);
  void tell_sample(const LoopTotals& totals, std::string_view members);
  /// Tells `sink` alone of every handler that is there, as `opened` with "already".
  void tell_handlers(EventSink& sink);

  /// The time of the stream.
  [[nodiscard]] Duration now() const { return reactor_.host().now() - began_; }
  [[nodiscard]] Reactor& reactor() const { return reactor_; }
  /// The handlers that have a descriptor, by their addresses.
  using Handlers = std::unordered_map<const EventHandler*, WatchedHandler>;
  [[nodiscard]] Handlers& handlers() { return handlers_; }
  /// What is known of `handler`; null: nothing.
  [[nodiscard]] const WatchedHandler* find(const EventHandler* handler) const;
  /// The system calls of handlers that are shown, and of the waits that were for them; and how
  /// often one of them received something.
  struct Calls {
    std::uint64_t calls = 0;
    std::uint64_t messages = 0;
  };
  [[nodiscard]] const Calls& calls() const { return calls_; }

  // Observer

  void round_begins(std::uint64_t number) override;
  void waited(Duration limit, std::size_t events) override;
  void round_ends() override;
  void opened(const EventHandler& handler, Kind kind, Model model) override;
  void closing(const EventHandler& handler) override;
  void ready(const EventHandler& handler, std::uint8_t bits) override;
  void interest_changed(const EventHandler& handler) override;
  void begins(const EventHandler& handler, Callback callback) override;
  void ends(const EventHandler& handler, Callback callback) override;
  void did(const EventHandler& handler, Operation operation, std::size_t asked,
           const IoResult& result) override;
  void parked(const EventHandler& handler) override;
  void stuck(const EventHandler& handler) override;
  void starved(const EventHandler& handler, Duration delay) override;
  void posts_begin(std::size_t count) override;
  void timers_begin() override;
  void corked_begin(std::size_t count) override;

 private:
  /// A callback that runs.
  struct Running {
    const EventHandler* handler;
    Callback callback;
    Duration since;
    WatchedHandler its;  // it may be closed meanwhile: only id, class_name and background
  };

  WatchedHandler& enter(const EventHandler& handler, Kind kind, Model model);
  void name(WatchedHandler& its) const;
  void tell_opened();
  [[nodiscard]] WatchedHandler described(const EventHandler& handler);
  void end(const Running& over, bool threw);
  void about(LoopEvent::Name name, const EventHandler& handler, Duration duration = {});
  void about(LoopEvent::Name name, std::size_t count);
  [[nodiscard]] LoopEvent make(LoopEvent::Name name) const { return {name, now(), round_}; }
  void show_round();
  void send(const LoopEvent& event);

  Reactor& reactor_;
  const TimePoint began_;
  std::vector<EventSink*> sinks_;
  Handlers handlers_;
  std::vector<const EventHandler*> new_;  // not told yet: their constructors run
  std::uint64_t last_id_ = 0;
  bool details_ = false;
  bool background_wanted_ = false;
  Calls calls_;

  std::vector<Running> running_;  // callbacks nest
  std::uint64_t round_ = 0;
  bool round_shown_ = false;
  Duration round_began_{};
  bool waited_ = false;
  Duration woken_{};
  Duration limit_{};
  std::size_t events_ = 0;
};

}  // namespace bunshin
