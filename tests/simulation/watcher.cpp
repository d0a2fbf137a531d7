#include "tests/simulation/watcher.h"

#include <fmt/format.h>

#include <typeinfo>

#include "reactor/log.h"

namespace bunshin::simulation {

namespace {

constexpr std::string_view kCallbacks[] = {"accept",  "read",          "write", "expt",
                                           "connect", "connect_error", "close", "error",
                                           "finish",  "discard",       "other"};
constexpr std::string_view kOperations[] = {"receive", "send", "accept"};
constexpr std::string_view kStatus[] = {"done", "exhausted", "end_of_file", "failed", "later"};
constexpr std::string_view kBits[] = {"readable", "urgent",  "writable",
                                      "failed",   "hung_up", "peer_ended"};

std::string bits_text(std::uint8_t bits) {
  std::string text;
  for (std::size_t bit = 0; bit < std::size(kBits); ++bit) {
    if ((bits >> bit & 1) != 0) text.append(text.empty() ? "" : "+").append(kBits[bit]);
  }
  return text;
}

}  // namespace

Watcher::Watcher(Process& process, Tale& tale) : process_(process), tale_(tale) {
  process.reactor().observe(this);
}

void Watcher::tell(std::string_view what, const EventHandler& handler, std::uint64_t number,
                   std::string_view detail) {
  tale_.note(number << 20 ^ static_cast<std::uint64_t>(handler.descriptor()) << 8 ^ what.size());
  if (!tale_.with_text()) return;
  tale_.tell(fmt::format(
      "{:>10} us  {:<8} {} #{} {}{}{}",
      process_.world().now().time_since_epoch().count() / 1000 - std::int64_t{24} * 3600 * 1000000,
      process_.name(), class_name(typeid(handler)).text(), handler.descriptor(), what,
      detail.empty() ? "" : ": ", detail));
}

void Watcher::violate(const EventHandler& handler, std::string_view what) {
  if (!violation_.empty()) return;
  violation_ = fmt::format("{}: {} #{}: {}", process_.name(), class_name(typeid(handler)).text(),
                           handler.descriptor(), what);
}

void Watcher::waited(Duration limit, std::size_t events) {
  tale_.note(events + 77);
  if (!tale_.with_text() || events == 0) return;
  tale_.tell(fmt::format("{:>13}  {:<8} waits{}: {} events", "", process_.name(),
                         limit > Duration::zero() ? "" : " not", events));
}

void Watcher::opened(const EventHandler& handler, Kind kind, Model model) {
  closes_told_[handler.descriptor()] = 0;
  const auto& node = process_.at(handler.descriptor());
  if (kind == Kind::inet_stream && !static_cast<const Socket&>(*node).no_delay()) {
    violate(handler, "an answer in two pieces would wait for 40 ms");
  }
  tell("is registered", handler,
       static_cast<std::uint64_t>(kind) * 3 + static_cast<unsigned>(model));
}

void Watcher::closing(const EventHandler& handler) { tell("is taken out", handler, 11); }

void Watcher::ready(const EventHandler& handler, std::uint8_t bits) {
  if (!process_.meant(handler.descriptor()))
    violate(handler, "is told what a dead one was ready for");
  ++tale_.seen["told " + bits_text(bits)];
  tell("is ready", handler, bits, tale_.with_text() ? bits_text(bits) : std::string());
}

void Watcher::begins(const EventHandler& handler, Callback callback) {
  const auto name = kCallbacks[static_cast<std::size_t>(callback)];
  ++tale_.seen[fmt::format("called {}", name)];
  tell("is called", handler, static_cast<std::uint64_t>(callback), name);
  // handle_error may be told of what a callback threw after it closed its handler.
  if (handler.closed() && callback != Callback::error && callback != Callback::other) {
    violate(handler, fmt::format("handle_{} after close()", name));
  }
  if (callback == Callback::close && handler.descriptor() >= 0 &&
      ++closes_told_[handler.descriptor()] > 1) {
    violate(handler, "handle_close twice for one connection");
  }
}

void Watcher::did(const EventHandler& handler, Operation operation, std::size_t asked,
                  const IoResult& result) {
  const auto name = kOperations[static_cast<std::size_t>(operation)];
  const auto status = kStatus[static_cast<std::size_t>(result.status)];
  ++tale_.seen[fmt::format("{} {}", name, status)];
  tell(name, handler, result.bytes * 8 + static_cast<std::uint64_t>(result.status),
       tale_.with_text() ? fmt::format("{} of {} bytes, {}{}", result.bytes, asked, status,
                                       result.error != 0 ? fmt::format(" {}", result.error) : "")
                         : std::string());
}

void Watcher::parked(const EventHandler& handler) {
  ++tale_.seen["parked"];
  tell("is parked", handler, 12);
}

void Watcher::stuck(const EventHandler& handler) {
  ++tale_.seen["stuck"];
  tell("is stuck", handler, 13);
}

void Watcher::starved(const EventHandler& handler, Duration) {
  ++tale_.seen["starved"];
  tell("is starved", handler, 14);
}

void Watcher::posts_begin(std::size_t count) {
  ++tale_.seen["posts"];
  tale_.note(count + 1000);
}

void Watcher::timers_begin() { ++tale_.seen["timers"]; }

}  // namespace bunshin::simulation
