#include "tools/scope/trace_story.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "reactor/printable.h"

namespace bunshin {

namespace {

using nlohmann::json;

// What a field holds when it is what it should be, and else nothing: a trace may come from
// anywhere.

std::int64_t number(const json& event, const char* name) {
  const auto found = event.find(name);
  return found != event.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::string text(const json& event, const char* name) {
  const auto found = event.find(name);
  if (found == event.end() || !found->is_string()) return {};
  const auto& its = found->get_ref<const std::string&>();
  return printable(its, its.npos);
}

std::uint64_t handler_of(const json& event) {
  return static_cast<std::uint64_t>(number(event, "handler"));
}

std::string human(std::int64_t ns) {
  const auto time = static_cast<double>(ns);
  if (ns < 1000) return fmt::format("{} ns", ns);
  if (ns < 1'000'000) return fmt::format("{:.1f} us", time / 1e3);
  if (ns < 1'000'000'000) return fmt::format("{:.2f} ms", time / 1e6);
  return fmt::format("{:.3f} s", time / 1e9);
}

std::string listed(const json& event, const char* name) {
  std::string words;
  const auto found = event.find(name);
  if (found == event.end() || !found->is_array()) return words;
  for (const json& word : *found) {
    if (!word.is_string()) continue;
    if (!words.empty()) words += ", ";
    words += printable(word.get_ref<const std::string&>(), 40);
  }
  return words;
}

/// "received 17 of 65536 bytes, and that was all"
std::string operation_text(const json& event) {
  const std::string operation = text(event, "operation");
  const std::string status = text(event, "status");
  const std::int64_t bytes = number(event, "bytes");
  if (status == "failed") {
    const auto error = event.find("error");
    const bool told = error != event.end() && error->is_object();
    return fmt::format("{} failed: {}", operation, told ? text(*error, "code") : "");
  }
  if (status == "end") return "read the end of file";
  if (operation == "accept") return bytes > 0 ? "accepted a connection" : "nobody else waits";
  const char* const verb = operation == "send" ? "sent" : "received";
  if (bytes == 0) return fmt::format("{} nothing: it would have to wait", verb);
  return fmt::format("{} {} of {} bytes{}", verb, bytes, number(event, "asked"),
                     status == "exhausted" ? ", all there was" : "");
}

std::string hello_text(const json& event) {
  constexpr std::int64_t kYear10000 = 253402300800;
  const std::int64_t time = number(event, "time") / 1000;
  const auto seconds = static_cast<std::time_t>(time >= 0 && time < kYear10000 ? time : 0);
  return fmt::format("{} {} on {}, process {}, from {:%F %T} UTC", text(event, "program"),
                     text(event, "version"), text(event, "engine"), number(event, "pid"),
                     fmt::gmtime(seconds));
}

}  // namespace

std::string TraceStory::name_of(std::uint64_t handler) const {
  const auto found = names_.find(handler);
  return found == names_.end() ? fmt::format("#{}", handler) : found->second;
}

bool TraceStory::wanted(std::uint64_t handler, bool wrong, Duration took) const {
  if (filter_.errors && !wrong) return false;
  if (took < filter_.slower_than) return false;
  if (filter_.handler.empty()) return true;
  const std::string name = name_of(handler);
  if (filter_.handler == fmt::format("#{}", handler)) return true;
  return !filter_.handler.starts_with('#') && name.find(filter_.handler) != name.npos;
}

void TraceStory::tell(std::uint64_t handler, std::string line, bool wrong, Duration took) {
  if (!wanted(handler, wrong, took)) return;
  tell_at(lines_.size(), std::move(line));
}

void TraceStory::tell_at(std::size_t place, std::string line) {
  if (!in_round_) return print_(line);
  line.insert(0, 2 * running_.size() + 2, ' ');
  lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(std::min(place, lines_.size())),
                std::move(line));
}

void TraceStory::end_round() {
  if (std::exchange(in_round_, false) && (!lines_.empty() || !filter_.any())) {
    print_(round_);
    for (const std::string& line : lines_) print_(line);
  }
  lines_.clear();
  running_.clear();
}

void TraceStory::take(const json& entry) {
  const auto arguments = entry.find("args");
  if (arguments == entry.end() || !arguments->is_object()) return;
  if (!arguments->contains("event")) return;
  ++events_;
  take_event(*arguments);
}

void TraceStory::take_opened(const json& event) {
  const std::uint64_t handler = handler_of(event);
  const std::string peer = text(event, "peer");
  const std::string local = text(event, "local");
  names_[handler] =
      fmt::format("{} #{}{}{}", text(event, "class"), handler,
                  peer.empty() && local.empty() ? "" : " ", peer.empty() ? local : peer);
  const bool already = event.value("already", json()) == true;
  tell(handler,
       fmt::format("{} {}: {}, descriptor {}, {}", names_[handler],
                   already ? "is there" : "is opened", text(event, "kind"), number(event, "fd"),
                   text(event, "model")),
       false);
}

void TraceStory::take_begins(const json& event) {
  Frame frame{};
  frame.handler = handler_of(event);
  frame.callback = text(event, "callback");
  frame.name = frame.handler == 0 ? text(event, "class") : name_of(frame.handler);
  frame.line = lines_.size();
  running_.push_back(std::move(frame));
}

void TraceStory::take_did(const json& event) {
  const std::uint64_t handler = handler_of(event);
  const bool failed = text(event, "status") == "failed";
  const auto frame = std::find_if(running_.rbegin(), running_.rend(),
                                  [handler](const Frame& one) { return one.handler == handler; });
  if (frame == running_.rend()) {
    return tell(handler, fmt::format("{} {}", name_of(handler), operation_text(event)), failed);
  }
  frame->did.push_back(operation_text(event));
  frame->failed = frame->failed || failed;
}

void TraceStory::take_ends(const json& event) {
  if (running_.empty()) return;
  const Frame frame = std::move(running_.back());
  running_.pop_back();
  const bool threw = event.value("threw", json()) == true;
  const std::int64_t ns = number(event, "ns");
  std::string line = fmt::format("{} {}, {}", frame.name, frame.callback, human(ns));
  if (threw) line += ", ended by an exception";
  for (std::size_t index = 0; index < frame.did.size(); ++index) {
    line += (index == 0 ? ": " : "; ") + frame.did[index];
  }
  const bool wrong = threw || frame.failed || frame.callback == "error";
  if (wanted(frame.handler, wrong, Duration(ns))) tell_at(frame.line, std::move(line));
}

void TraceStory::take_round(const json& event) {
  end_round();
  in_round_ = true;
  round_began_ = number(event, "t");
  round_ = fmt::format("round {}, at {}", number(event, "round"), human(round_began_));
}

void TraceStory::take_waited(const json& event) {
  const std::int64_t events = number(event, "events");
  round_ += fmt::format(": waited {}, {} event{}", human(number(event, "t") - round_began_), events,
                        events == 1 ? "" : "s");
}

void TraceStory::take_closing(const json& event) {
  const std::uint64_t handler = handler_of(event);
  tell(handler, fmt::format("{} is closed", name_of(handler)), false);
  names_.erase(handler);
}

void TraceStory::take_log(const json& event) {
  const std::string level = text(event, "level");
  tell(0, fmt::format("log, {}: {}", level, text(event, "text")),
       level == "warning" || level == "error");
}

/// What one line says: of the handler whose event it is, if it is anybody's.
void TraceStory::take_line(const std::string& name, const json& event) {
  const std::uint64_t handler = handler_of(event);
  const std::int64_t count = number(event, "count");
  if (name == "ready") {
    tell(handler, fmt::format("{} is told: {}", name_of(handler), listed(event, "bits")), false);
  } else if (name == "warning") {
    tell(handler, fmt::format("warning: {} {}", name_of(handler), text(event, "text")), true);
  } else if (name == "parked" || name == "stuck" || name == "starved") {
    tell(handler, fmt::format("{} is {}", name_of(handler), name), name != "parked");
  } else if (name == "posts") {
    tell(0, fmt::format("{} posted functions", count), false);
  } else if (name == "corked") {
    tell(0, fmt::format("what {} corked is sent", count), false);
  } else if (name == "timers") {
    tell(0, "timers", false);
  } else if (name == "paused" || name == "resumed") {
    tell(0, fmt::format("the loop is {}", name), false);
  } else if (name == "dropped") {
    tell(0, fmt::format("{} events are missing here", count), true);
  }
}

void TraceStory::take_event(const json& event) {
  static const std::map<std::string_view, void (TraceStory::*)(const json&)> kTakes{
      {"round_begins", &TraceStory::take_round},
      {"waited", &TraceStory::take_waited},
      {"opened", &TraceStory::take_opened},
      {"closing", &TraceStory::take_closing},
      {"begins", &TraceStory::take_begins},
      {"ends", &TraceStory::take_ends},
      {"did", &TraceStory::take_did},
      {"log", &TraceStory::take_log}};
  const std::string name = text(event, "event");
  if (name == "hello") {
    if (!filter_.any()) print_(hello_text(event));
  } else if (name == "round_ends") {
    end_round();
  } else if (const auto found = kTakes.find(name); found != kTakes.end()) {
    (this->*found->second)(event);
  } else {
    take_line(name, event);
  }
}

}  // namespace bunshin
