#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reactor/adaptive_wait.h"
#include "reactor/engine.h"
#include "reactor/event_handler.h"
#include "reactor/io_result.h"
#include "reactor/post_queue.h"
#include "reactor/reactor_options.h"
#include "reactor/shared_text.h"
#include "reactor/socket_address.h"
#include "reactor/sockets.h"
#include "reactor/starvation.h"
#include "reactor/timers.h"
#include "reactor/unique_fd.h"

namespace bunshin {

class Host;
class Observer;
class SignalWatcher;
enum class Callback : std::uint8_t;
enum class Operation : std::uint8_t;

/// The event loop: owns handlers and calls them when their descriptors are ready. One reactor, one
/// thread; only post(), posts() and stop() may be called from others. It must outlive all that
/// refers to it.
///
/// A round (run_once) is, in this order:
///   1. parked handlers are asked again whether they want what is ready
///   2. wait: no longer than until the next timer, not at all while somebody is on the ready list
///   3. functions posted by other threads
///   4. new events: each handler has its turn, until it is exhausted or its budget is spent
///   5. the ready list: those with something left from earlier turns
///   6. timers that are due, unless the wait has left events behind. They come after what is ready,
///      because an answer that lies in the kernel counts, however late the loop gets to it.
///   7. what was held back to leave together (cork) is sent
///   8. closed handlers are destroyed
///
/// Forking. A reactor that was made before a fork(2) can be run by one of the two processes; the
/// other leaves it alone and undestroyed, with exec or _exit(2), because both share what the kernel
/// knows of it. epoll and poll can change hands at any time. An io_uring belongs to the thread that
/// ran its first round, and a kqueue stays with the parent: run() of any other throws.
///
/// Memory may run out: std::bad_alloc leaves what makes or arms something, or ends the connection
/// whose bytes could not be kept. Closing, cancelling and waiting need none.
///
/// Portability. Readiness is a hint on every system: a handler may be called and find nothing.
/// Timers are never early and on some systems up to 1 ms late. Descriptors of regular files are
/// always ready, so reading them blocks while the disk does. SIGPIPE is set to be ignored when it
/// is at its default, because writing to a pipe has no flag against it.
class Reactor {
 public:
  /// Throws std::system_error when the engine can not be had.
  explicit Reactor(const ReactorOptions& options = {});
  /// In another world than the kernel's, which has its own engine.
  Reactor(std::unique_ptr<Engine> engine, Host& host, ReactorOptions options = {});
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Handlers

  /// Takes ownership. The handler lives until the end of the round in which it is closed.
  template <typename Handler>
  Handler& adopt(std::unique_ptr<Handler> handler) {
    Handler& reference = *handler;
    own(std::move(handler));
    return reference;
  }
  /// Makes a handler, whose constructor takes the reactor first, and adopts it.
  template <typename Handler, typename... Args>
  Handler& emplace(Args&&... args) {
    return adopt(std::make_unique<Handler>(*this, std::forward<Args>(args)...));
  }
  /// Every handler that is owned and not closed, in no particular order.
  void for_each(const std::function<void(EventHandler&)>& function);
  /// How many of them there are by the name of their class, those in the background left out.
  std::map<std::string, std::size_t> count_by_class();

  /// Registers `fd` for `handler`, which has none yet, and owns it from now on, even when this
  /// throws std::system_error. Call it after listen(2), or for a connected descriptor. Sockets are
  /// used with MSG_DONTWAIT; a `file` has to be non-blocking already, or `blocking` given.
  void add(EventHandler& handler, UniqueFd fd, Kind kind, Model model = Model::remembered);
  /// For a descriptor whose file description others share, so that O_NONBLOCK must not be set on
  /// it: poll(2) is asked before each operation.
  void add_blocking(EventHandler& handler, UniqueFd fd);
  /// Starts to connect and registers: handle_connect or handle_connect_error follows in a later
  /// round. Throws std::system_error when not even that is possible.
  void connect(EventHandler& handler, const SocketAddress& address,
               Model model = Model::remembered);
  /// Registers a socket that was connected elsewhere: handle_connect follows in a later turn. Owns
  /// it from now on, even when this throws std::system_error.
  void add_connected(EventHandler& handler, StreamSocket socket);
  /// Ends the registration of a level-triggered socket and gives it up, open. None when there is
  /// none.
  UniqueFd release(EventHandler& handler);
  /// Lets handle_connect_error run as if a connect had failed, with all that follows when it
  /// throws: for failures before there is a descriptor, such as that of a look-up.
  void connect_failed(EventHandler& handler, int error) noexcept;
  /// Calls `function` as a callback of `handler`: an exception reaches its handle_error, and it is
  /// closed then. For what is done in its name by others, such as the answer of a look-up.
  template <typename Function>
  void call_for(EventHandler& handler, Function&& function) noexcept {
    EventHandler* const before = begin_call(handler);
    try {
      function();
    } catch (...) {
      recover(handler);
    }
    end_call(handler, before);
  }
  /// Calls `function` with the `ready` bits, level-triggered, while `interest` holds, for a library
  /// that does its own I/O. `fd` stays the caller's, who closes the returned handler before the
  /// descriptor. After a hang-up it is silent until set_interest() is called again.
  class ForeignWatch;
  ForeignWatch& watch_foreign(int fd, std::uint8_t interest,
                              std::function<void(std::uint8_t)> function);

  // Operations, for handlers. Never around the reactor: it has to see what is exhausted.

  /// Receives at most `limit` bytes, and never more than ReactorOptions::scratch_bytes, lent until
  /// the next recv() of any handler or the end of the callback. Empty when there is nothing now, at
  /// the end of file, and on failure; the reactor acts on each. REQUIRES: limit > 0.
  std::string_view recv(EventHandler& handler, std::size_t limit = SIZE_MAX);
  /// The same, into the caller's buffer. REQUIRES: it is not empty.
  IoResult recv_into(EventHandler& handler, std::span<char> buffer);
  /// Sends what the kernel takes. Asks it only while the descriptor is known to be writable.
  IoResult send(EventHandler& handler, std::string_view data);
  /// The same for texts that others send, too: not copied, and with one system call. Of the first
  /// what lies behind `start`. REQUIRES: there is one, and none is empty.
  IoResult send(EventHandler& handler, std::span<const SharedText> texts, std::size_t start);
  /// No handle_write until step 7 of this round, when there is one: what is kept until then leaves
  /// together.
  void cork(EventHandler& handler);
  /// Ends sending: the peer reads the end of file after what was sent before. False for a file,
  /// which has nothing but close().
  bool shut_down_sending(EventHandler& handler);
  [[nodiscard]] Medium::OtherSide other_side(const EventHandler& handler) const {
    return medium(handler).other_side(handler.descriptor());
  }
  /// Accepts one connection. Running out of descriptors is waited out and logged.
  Accepted accept(EventHandler& handler);

  // Time

  /// The monotonic time, read at most once a turn.
  TimePoint now();
  /// The same by the clock of the handlers, which stands still in a pause: for what moves by
  /// itself.
  TimePoint handlers_now() { return (paused_ ? paused_at_ : now()) - stood_still_; }
  /// Calls `callback` once, after `delay` (negative is zero). An exception from it leaves run(). A
  /// handler's own time is better kept with a Timer.
  TimerId call_later(Duration delay, TimerHeap::Callback callback);
  /// Calls `callback` every `interval`. REQUIRES: interval > 0.
  TimerId call_every(Duration interval, TimerHeap::Callback callback);
  /// False when it has fired for the last time or was cancelled.
  bool cancel(TimerId timer) { return timers_.cancel(timer); }
  /// Lets `timer` fire `delay` from now instead. False when it is gone.
  bool rearm(TimerId timer, Duration delay);

  // Running

  /// Runs rounds until stop() is called or nothing is left to wait for: no handler, no timer.
  /// Throws what a timer or a posted function threw, and std::system_error when waiting fails.
  void run();
  /// From now on run() does not end for lack of handlers, because others will post work: only with
  /// stop() or finish().
  void keep_running() { keep_running_ = true; }
  /// Whether run() would return at once.
  [[nodiscard]] bool over() const { return stop_requested_ || !something_left(); }
  /// One round that waits at most `limit`. Not to be called from a callback (std::logic_error).
  void run_once(Duration limit = Engine::kForever);
  /// Lets run() return after the round; called before run(), it makes that return at once. From
  /// then on post() answers false, until run() is called again. Any thread.
  void stop();
  /// Tells every handler to handle_finish(). run() returns when the last one has closed, or after
  /// `limit`, when the log names the classes of those still open.
  void finish(Duration limit);
  /// Calls `function` in the reactor's thread. False when it has stopped. Any thread. An exception
  /// from it leaves run().
  bool post(PostQueue::Function function) { return posts_->post(std::move(function)); }
  /// The queue behind post(), for a thread that may outlive the reactor. Any thread.
  std::shared_ptr<PostQueue> posts() const { return posts_; }
  /// Calls `function` in a round when the process got `signal`, once for all since the last time.
  /// SIGHUP and SIGINT stay ignored when they were: never called then. Unblocks the signal in this
  /// thread. What was before is restored with the reactor. One reactor a signal. An exception of
  /// `function` is logged. Throws std::system_error.
  void on_signal(int signal, std::function<void()> function);

  // Watching

  /// Tells `observer` of everything from now on; null: nobody. Not from a callback. It must outlive
  /// the reactor, or be taken off.
  void observe(Observer* observer);
  /// From now on handlers have no turns: what they are ready for is remembered as ever, and their
  /// Timers stand still. Those in the background (EventHandler::unref) go on, as do posts and
  /// call_later(). Ends with go_on(), finish(), or the observer: std::logic_error without one.
  void pause();
  void go_on();
  /// Lets just one callback of those that are held back happen, the one that has waited longest, or
  /// else the next that comes. std::logic_error when it is not paused.
  void step();
  [[nodiscard]] bool paused() const { return paused_; }
  /// Whose turn a step() would be; null: nobody waits.
  [[nodiscard]] const EventHandler* next_held() const;
  [[nodiscard]] Host& host() const { return host_; }
  [[nodiscard]] std::string_view engine_name() const { return engine_->name(); }
  [[nodiscard]] const ReactorStats& stats() const { return stats_; }
  [[nodiscard]] const ReactorOptions& options() const { return options_; }

 private:
  friend class EventHandler;
  friend class Timer;

  // Registration (registration.cpp)
  void own(std::unique_ptr<EventHandler> handler);
  void add_file(EventHandler& handler, UniqueFd fd, Model model, Sort sort);
  void enroll(EventHandler& handler, UniqueFd fd, Kind kind, Model model, Sort sort,
              std::uint32_t phase = 0);
  [[nodiscard]] Medium& medium(const EventHandler& its) const {
    return *media_[static_cast<std::size_t>(its.sort_)];
  }
  UniqueFd take_out(EventHandler& handler) noexcept;
  void detach(EventHandler& handler) noexcept;
  void close(EventHandler& handler) noexcept;
  void forget(EventHandler& handler) noexcept;
  void bury();
  void meet();
  void give_up_finishing();
  EventHandler*& at(int fd);  // valid until the next one is added

  // A round (round.cpp), and the turns in it (turns.cpp)
  void round(Duration limit);
  [[nodiscard]] bool something_left() const;
  [[nodiscard]] Duration wait_limit(Duration limit);
  std::size_t wait_spinning(Duration limit);
  void ask_parked();
  bool still_parked(EventHandler& handler, bool retry) noexcept;
  void run_timers(std::size_t count);
  void run_posts(std::size_t count);
  void call_posted();
  void drop_posted() noexcept;
  void take_events(std::size_t count);
  void take_event(const Event& event);
  void take_unusual(EventHandler& handler, const Event& event);
  void leave_level(EventHandler& handler);
  void turn_listed(std::vector<EventHandler*>& list, std::uint32_t flag);
  void turn(EventHandler& handler) noexcept;
  EventHandler* begin_call(EventHandler& handler) noexcept;
  void end_call(EventHandler& handler, EventHandler* before) noexcept;
  [[nodiscard]] static bool is_usual(const EventHandler& handler);
  static bool read_once(EventHandler& handler);
  void take_turn(EventHandler& handler);
  bool may_step(EventHandler& handler);
  void release_held() noexcept;
  [[nodiscard]] static Duration bounded(Duration delay);
  [[nodiscard]] TimePoint next_timer();
  void stuck(EventHandler& handler);
  void level_turn(EventHandler& handler);
  bool call_once(EventHandler& handler, Generation generation);
  void call_accept(EventHandler& handler);
  bool finish_connect(EventHandler& handler);
  bool tell_close(EventHandler& handler);
  void recover(EventHandler& handler) noexcept;
  bool wants_read(EventHandler& handler);
  bool wants_write(EventHandler& handler);
  [[nodiscard]] static bool pending(const EventHandler& handler);
  void park(EventHandler& handler) noexcept;
  void list_ready(EventHandler& handler) noexcept;
  void reconsider(EventHandler& handler);
  void update_interest(EventHandler& handler);
  void set_interest(EventHandler& handler, std::uint8_t interest);

  // Watching (watching.h)
  template <typename What, typename... Args>
  void tell(What what, Args&&... args) noexcept;
  template <typename What, typename... Args>
  void tell_somebody(What what, Args&&... args) noexcept;
  template <typename Function>
  void call(EventHandler& handler, Callback callback, Function&& function);
  void lose_observer() noexcept;

  // Operations (operations.h, operations.cpp)
  void exhaust(EventHandler& handler, std::uint8_t bits);
  IoResult settle(EventHandler& handler, std::uint8_t bit, IoResult result, std::size_t size);
  std::string_view recv_otherwise(EventHandler& handler, std::size_t limit);
  template <typename Send>
  IoResult send_by(EventHandler& handler, std::size_t size, const Send& send);
  IoResult send_otherwise(EventHandler& handler, std::string_view data);
  IoResult fail(EventHandler& handler, int error);
  IoStatus accept_failed(EventHandler& handler, int error);
  void starve(EventHandler& handler, Duration delay);
  void tell_starved(std::string_view what, int error);

  ReactorOptions options_;
  Host& host_;
  std::unique_ptr<Engine> engine_;
  std::array<Medium*, kSorts> media_{};       // by Sort
  bool plain_streams_ = false;                // served by recv(2) and send(2)
  Observer* observer_ = nullptr;              // none, mostly
  std::vector<EventHandler*> by_descriptor_;  // &nobody_ where none is registered
  std::vector<std::unique_ptr<EventHandler>> handlers_;
  std::size_t met_ = 0;                // handlers that exist
  std::vector<EventHandler*> closed_;  // this list and the next five have room for as many
  std::size_t keeping_alive_ = 0;      // owned handlers that are not internal
  Generation last_generation_ = 0;

  std::vector<EventHandler*> ready_;
  std::vector<EventHandler*> ready_now_;
  std::vector<EventHandler*> parked_;
  std::vector<EventHandler*> held_;
  std::vector<EventHandler*> corked_;
  Starvation starvation_;
  std::vector<Event> events_;
  std::size_t put_off_ = 0;          // rounds that left the timers to the next one
  EventHandler* current_ = nullptr;  // whose turn it is
  std::ptrdiff_t turn_left_ = 0;     // of its budget, in bytes
  std::vector<char> scratch_;

  AdaptiveWait adaptive_wait_{options_.spin};
  TimerHeap timers_;
  TimerHeap
      handler_timers_;      // of class Timer, by the handlers' clock, which stands still in a pause
  Duration stood_still_{};  // in all pauses so far
  std::size_t background_timers_ = 0;  // of timers_, those that run() does not go on for
  TimePoint paused_at_{};
  bool paused_ = false;
  std::size_t steps_ = 0;  // callbacks that may happen in the pause
  bool stepped_ = false;   // one has
  TimePoint now_{};
  bool now_known_ = false;
  bool in_run_ = false;
  bool in_round_ = false;
  bool finishing_ = false;
  TimerId finish_timer_;
  bool keep_running_ = false;
  std::atomic<bool> stop_requested_{false};
  std::shared_ptr<PostQueue> posts_;
  std::vector<PostQueue::Function> posted_;  // taken, about to be called
  std::size_t posted_done_ = 0;
  SignalWatcher* signals_ = nullptr;
  ReactorStats stats_;
  EventHandler nobody_{*this};  // has no descriptor, and the generation of no event
};

}  // namespace bunshin

#include "reactor/operations.h"  // IWYU pragma: export
