#include "reactor/reactor.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include "reactor/error.h"
#include "reactor/host.h"
#include "reactor/log.h"
#include "reactor/signals.h"
#include "reactor/standard_stream.h"
#include "reactor/watching.h"

namespace bunshin {

namespace {

constexpr Duration kLongest = std::chrono::hours(24 * 365 * 100);

std::string chosen_engine(const ReactorOptions& options) {
  if (!options.engine.empty()) return options.engine;
  const char* name = std::getenv("BUNSHIN_ENGINE");
  return name != nullptr && *name != '\0' ? name : "auto";
}

void ignore_sigpipe() {
  struct sigaction action {};
  if (::sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, nullptr);
  }
}

}  // namespace

Reactor::Reactor(const ReactorOptions& options)
    : Reactor(make_engine(chosen_engine(options), options.engine_options), kernel(), options) {}

Reactor::Reactor(std::unique_ptr<Engine> engine, Host& host, ReactorOptions options)
    : options_(std::move(options)),
      host_(host),
      engine_(std::move(engine)),
      events_(options_.wait_events),
      scratch_(options_.scratch_bytes),
      posts_(std::make_shared<PostQueue>([engine = engine_.get()] { engine->wake(); })) {
  for (std::size_t sort = 0; sort < media_.size(); ++sort) {
    media_[sort] = &host_.medium(static_cast<Sort>(sort));
  }
  plain_streams_ = &host_.medium(Sort::stream) == &medium_of(Sort::stream);
  ignore_sigpipe();
}

Reactor::~Reactor() {
  posts_->close();
  drop_posted();
  // One at a time and from the back: a destructor may close or destroy other handlers.
  while (!handlers_.empty()) {
    const auto handler = std::move(handlers_.back());
    handlers_.pop_back();
  }
}

// --- Time ---

TimePoint Reactor::now() {
  if (!now_known_) {
    now_ = host_.now();
    now_known_ = true;
  }
  return now_;
}

Duration Reactor::bounded(Duration delay) { return std::clamp(delay, Duration::zero(), kLongest); }

TimerId Reactor::call_later(Duration delay, TimerHeap::Callback callback) {
  return timers_.add(now() + bounded(delay), Duration::zero(), std::move(callback));
}

TimerId Reactor::call_every(Duration interval, TimerHeap::Callback callback) {
  if (interval <= Duration::zero()) throw std::logic_error("call_every: the interval must be > 0");
  interval = std::min(interval, kLongest);
  return timers_.add(now() + interval, interval, std::move(callback));
}

bool Reactor::rearm(TimerId timer, Duration delay) {
  return timers_.rearm(timer, now() + bounded(delay));
}

// --- Running ---

bool Reactor::something_left() const {
  return keeping_alive_ > 0 ||
         (!finishing_ &&
          (keep_running_ || timers_.size() > background_timers_ || !handler_timers_.empty())) ||
         posts_->posted();
}

void Reactor::run() {
  if (in_round_) throw std::logic_error("run was called from a callback");
  posts_->reopen();
  if (stop_requested_) posts_->close();
  if (!posts_->posted()) drop_posted();  // was stopped before it could run them
  struct Run {
    bool& running;
    explicit Run(bool& flag) : running(flag) { running = true; }
    ~Run() { running = false; }
  } const run(in_run_);
  now_known_ = false;
  while (!over()) round(Engine::kForever);
  stop_requested_ = false;
  finishing_ = false;
  timers_.cancel(finish_timer_);
}

void Reactor::stop() {
  stop_requested_ = true;
  posts_->close();
  engine_->wake();
}

void Reactor::finish(Duration limit) {
  if (finishing_) return;
  go_on();
  finish_timer_ = call_later(limit, [this] { give_up_finishing(); });
  finishing_ = true;
  for_each([this](EventHandler& handler) {
    if (!handler.has_ref()) return;
    try {
      call(handler, Callback::finish, &EventHandler::handle_finish);
    } catch (...) {
      recover(handler);
    }
  });
  if (keeping_alive_ == 0) stop();
}

void Reactor::give_up_finishing() {
  stop();
  for (const auto& [name, count] : count_by_class()) {
    log(LogLevel::warning, "{} {} did not finish in time and must go", count, name);
  }
}

// --- Watching ---

void Reactor::observe(Observer* observer) {
  if (in_round_) throw std::logic_error("observe was called from a callback");
  if (observer == nullptr) go_on();
  observer_ = observer;
  for (const auto& handler : handlers_) {
    handler->flags_ &= ~EventHandler::kObserved;
    if (observer != nullptr) handler->flags_ |= EventHandler::kObserved;
  }
}

void Reactor::lose_observer() noexcept {
  observer_ = nullptr;  // handlers go on the long way, which tells nobody
  go_on();
  log(LogLevel::error, "an observer of the loop threw, and is taken off");
}

void Reactor::pause() {
  if (observer_ == nullptr) throw std::logic_error("a loop is paused by who observes it");
  if (std::exchange(paused_, true)) return;
  paused_at_ = now();
}

void Reactor::go_on() {
  if (!std::exchange(paused_, false)) return;
  stood_still_ += now() - paused_at_;
  steps_ = 0;
  release_held();
}

const EventHandler* Reactor::next_held() const { return held_.empty() ? nullptr : held_.front(); }

void Reactor::step() {
  if (!paused_) throw std::logic_error("only a paused loop makes single steps");
  steps_ = 1;
  stepped_ = false;
  release_held();
}

void Reactor::on_signal(int signal, std::function<void()> function) {
  if (signals_ == nullptr) {
    auto watcher = std::make_unique<SignalWatcher>(*this);
    watcher->unref();
    signals_ = &adopt(std::move(watcher));
  }
  signals_->watch(signal, std::move(function));
}

}  // namespace bunshin
