#pragma once

// Optional: who includes nothing of it needs no coroutines.

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "handlers/buffered_dispatcher.h"
#include "reactor/timer.h"

namespace bunshin {

/// A coroutine that talks through one Stream: `Conversation echo(Stream&
/// stream)`. Does not begin before Stream::run(), which owns it from then on.
/// Parameters that are references have to live as long as the stream; a lambda
/// with captures does not (C++ Core Guidelines, CP.51).
class [[nodiscard]] Conversation {
 public:
  struct promise_type {  // NOLINT(readability-identifier-naming): the language's name for it
    Conversation get_return_object() {
      return Conversation(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    static std::suspend_always final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    void unhandled_exception() noexcept { error = std::current_exception(); }
    std::exception_ptr error;
  };

  Conversation() = default;
  Conversation(Conversation&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Conversation& operator=(Conversation&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Conversation() {
    if (handle_) handle_.destroy();
  }

  [[nodiscard]] bool done() const { return !handle_ || handle_.done(); }
  /// Throws what the coroutine throws.
  void resume() {
    handle_.resume();
    if (handle_.done() && handle_.promise().error) {
      std::rethrow_exception(std::exchange(handle_.promise().error, {}));
    }
  }

 private:
  explicit Conversation(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

/// A connection that a coroutine talks through: the callbacks of a
/// BufferedDispatcher, written as a sequence. It waits for one thing at a time,
/// in its own conversation only; while it waits for anything but bytes, nothing
/// is read. When the coroutine ends the connection is closed in order
/// (close_when_done). Owned by its reactor, in whose thread all members are
/// called.
class Stream : public BufferedDispatcher {
 public:
  using BufferedDispatcher::BufferedDispatcher;

  /// Begins. What the coroutine throws reaches handle_error. REQUIRES: called
  /// once.
  void run(Conversation conversation);

  /// `co_await stream.read()`: the bytes that arrive next, a std::string; empty
  /// at the end of file and when the connection has failed: error() tells
  /// which. After that it never waits.
  [[nodiscard]] auto read(std::size_t limit = SIZE_MAX) {
    read_limit_ = limit;
    return Read{*this};
  }
  /// `co_await stream.write(text)`: all of it is taken; goes on when the buffer
  /// is not full. False when the connection is gone.
  [[nodiscard]] auto write(std::string_view text) { return Write{*this, send(text)}; }
  /// `co_await stream.sleep(1s)`. The others go on.
  [[nodiscard]] auto sleep(Duration time) { return Sleep{*this, time}; }

  void handle_read() override;
  void handle_full() override { full_ = true; }
  void handle_drained() override;
  void handle_close() override;

 private:
  enum class Waits : std::uint8_t { nothing, bytes, room, time };

  struct Read {
    Stream& stream;
    [[nodiscard]] bool await_ready() const noexcept { return stream.over_; }
    void await_suspend(std::coroutine_handle<>) const {
      stream.waits_ = Waits::bytes;
      stream.resume_reading();
    }
    std::string await_resume() const { return std::exchange(stream.text_, {}); }
  };
  struct Write {
    Stream& stream;
    bool taken;
    [[nodiscard]] bool await_ready() const noexcept { return !taken || !stream.full_; }
    void await_suspend(std::coroutine_handle<>) const noexcept { stream.waits_ = Waits::room; }
    /// Need not be looked at: who writes to a peer that has gone learns it from the next read, too.
    bool await_resume() const noexcept {  // NOLINT(modernize-use-nodiscard)
      return taken && !stream.over_;
    }
  };
  struct Sleep {
    Stream& stream;
    Duration time;
    [[nodiscard]] static bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const {
      stream.waits_ = Waits::time;
      stream.wake_timer_.arm(time);
    }
    static void await_resume() noexcept {}
  };

  void go_on();

  Conversation conversation_;
  std::string text_;  // what was read, for who waits
  std::size_t read_limit_ = SIZE_MAX;
  Timer wake_timer_{*this, &Stream::go_on};
  Waits waits_ = Waits::nothing;
  bool full_ = false;
  bool over_ = false;  // nothing more comes, and nobody reads
};

}  // namespace bunshin
