#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "reactor/observer.h"

namespace bunshin {

/// The version of the event stream: what docs/events.md describes. A reader ignores events and
/// fields that it does not know; a change that breaks such readers gets a new number.
inline constexpr int kEventSchema = 1;

/// One registration of a handler, as the event stream knows it. Its number is never used again.
struct WatchedHandler {
  std::uint64_t id = 0;  ///< 0: has no descriptor
  const EventHandler* handler = nullptr;
  std::string class_name;
  int fd = -1;
  Kind kind{};
  Model model{};
  bool model_known = true;
  std::string kind_name;
  std::string peer, local;  ///< empty: none
  bool background = false;
  bool told = false;  ///< `opened` has been sent

  /// Since somebody looks on.
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  Duration served{};
  Duration touched{};  ///< the time of the last operation or callback
  std::uint8_t ready = 0;
  bool parked = false;
};

/// How a loop stands, in numbers.
struct LoopTotals {
  std::size_t readable = 0;  ///< handlers that are known to be
  std::size_t parked = 0;
  std::size_t unsent = 0;  ///< bytes that wait in buffers of handlers
  std::size_t unread = 0;  ///< bytes that wait in the kernel to be read
  std::size_t unsent_by_kernel = 0;
  bool operator==(const LoopTotals&) const = default;
};

/// Something that happened in a loop. Lent for the call that tells of it.
struct LoopEvent {
  enum class Name : std::uint8_t {
    hello,
    round_begins,
    waited,
    round_ends,
    opened,
    closing,
    ready,
    begins,
    ends,
    did,
    parked,
    stuck,
    starved,
    posts,
    timers,
    corked,
    log,
    paused,
    resumed,
    held,
    steering,
    sample,
    dropped,
    warning
  };

  LoopEvent(Name its_name, Duration time, std::uint64_t its_round)
      : name(its_name), t(time), round(its_round) {}

  Name name;
  Duration t;  ///< since the loop is watched
  std::uint64_t round;
  const WatchedHandler* its = nullptr;  ///< whose event it is
  bool background = false;              ///< of a handler that a pause leaves alone
  Callback callback{};
  Operation operation{};
  std::uint8_t bits = 0;
  bool threw = false;     ///< ends: by an exception
  std::size_t count = 0;  ///< asked, events, posts
  IoResult result;
  Duration duration{};                 ///< limit, ns, delay
  const LoopTotals* totals = nullptr;  ///< sample
  std::string_view members;            ///< further members in JSON: ,"text":"..."

  /// The whole as one JSON object, one line. Made when it is asked for the first time.
  [[nodiscard]] std::string_view json() const;

 private:
  mutable fmt::memory_buffer text_;
};

std::string_view name_of(LoopEvent::Name name);
std::string_view name_of(Callback callback);
std::string_view name_of(Operation operation);
std::string_view name_of(IoStatus status);
std::string_view name_of(Model model);

/// `text` as a string of JSON, quotes and all. What is no UTF-8 in it is replaced.
std::string json_string(std::string_view text);
/// The same, or null for nothing.
std::string json_string_or_null(std::string_view text);

}  // namespace bunshin
