#include "tools/scope/loop_event.h"

#include <array>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>

#include "reactor/error.h"

namespace bunshin {

namespace {

using Buffer = fmt::memory_buffer;

std::string error_code(int error) {
#ifdef __GLIBC__
  if (const char* name = ::strerrorname_np(error); name != nullptr) return name;
#endif
  return fmt::format("errno {}", error);
}

struct Bit {
  std::uint8_t bit;
  std::string_view name;
};
constexpr std::array<Bit, 6> kBits{{{ready::readable, "readable"},
                                    {ready::urgent, "urgent"},
                                    {ready::writable, "writable"},
                                    {ready::failed, "failed"},
                                    {ready::hung_up, "hung_up"},
                                    {ready::peer_ended, "peer_ended"}}};

void put_bits(Buffer& out, std::uint8_t bits) {
  std::string_view comma;
  for (const auto& [bit, name] : kBits) {
    if ((bits & bit) == 0) continue;
    fmt::format_to(std::back_inserter(out), "{}\"{}\"", comma, name);
    comma = ",";
  }
}

void put_did(Buffer& out, const LoopEvent& event) {
  fmt::format_to(
      std::back_inserter(out), R"(,"operation":"{}","asked":{},"bytes":{},"status":"{}","error":)",
      name_of(event.operation), event.count, event.result.bytes, name_of(event.result.status));
  const int error = event.result.error;
  if (error == 0 || event.result.status == IoStatus::exhausted) {
    out.append(std::string_view("null"));
    return;
  }
  fmt::format_to(std::back_inserter(out), R"({{"code":"{}","text":{}}})", error_code(error),
                 json_string(error_text(error)));
}

void put_opened(Buffer& out, const WatchedHandler& its) {
  fmt::format_to(
      std::back_inserter(out),
      R"(,"class":{},"fd":{},"kind":"{}","model":{},"peer":{},"local":{},"background":{})",
      json_string(its.class_name), its.fd, its.kind_name,
      its.model_known ? fmt::format("\"{}\"", name_of(its.model)) : "null",
      json_string_or_null(its.peer), json_string_or_null(its.local), its.background);
}

std::string limit_text(Duration limit) {
  return limit == Engine::kForever ? "null" : fmt::format("{}", limit.count());
}

/// What only this sort of event has.
void put_own(Buffer& out, const LoopEvent& event) {
  using Name = LoopEvent::Name;
  const auto end = std::back_inserter(out);
  switch (event.name) {
    case Name::waited:
      fmt::format_to(end, R"(,"limit":{},"events":{})", limit_text(event.duration), event.count);
      break;
    case Name::opened:
      put_opened(out, *event.its);
      break;
    case Name::ready:
      fmt::format_to(end, ",\"bits\":[");
      put_bits(out, event.bits);
      out.push_back(']');
      break;
    case Name::begins:
      fmt::format_to(end, R"(,"callback":"{}")", name_of(event.callback));
      break;
    case Name::ends:
      fmt::format_to(end, R"(,"callback":"{}","ns":{})", name_of(event.callback),
                     event.duration.count());
      if (event.threw) out.append(std::string_view(",\"threw\":true"));
      break;
    case Name::did:
      put_did(out, event);
      break;
    case Name::starved:
      fmt::format_to(end, R"(,"delay":{})", event.duration.count());
      break;
    case Name::posts:
    case Name::corked:
    case Name::dropped:
      fmt::format_to(end, R"(,"count":{})", event.count);
      break;
    default:
      break;
  }
}

}  // namespace

std::string_view LoopEvent::json() const {
  if (text_.size() == 0) {
    // Numbers and words that need no escaping; what comes from outside goes through json_string().
    const auto end = std::back_inserter(text_);
    fmt::format_to(end, R"({{"t":{},"round":{},"event":"{}")", t.count(), round, name_of(name));
    if (its != nullptr) {
      fmt::format_to(end, R"(,"handler":{})", its->id);
      const bool nameless = its->id == 0 && name == Name::begins;
      if (nameless) fmt::format_to(end, R"(,"class":{})", json_string(its->class_name));
    }
    put_own(text_, *this);
    text_.append(members);
    text_.push_back('}');
  }
  return {text_.data(), text_.size()};
}

std::string_view name_of(LoopEvent::Name name) {
  constexpr std::array<std::string_view, 24> kNames{
      "hello",   "round_begins", "waited",   "round_ends", "opened",  "closing",
      "ready",   "begins",       "ends",     "did",        "parked",  "stuck",
      "starved", "posts",        "timers",   "corked",     "log",     "paused",
      "resumed", "held",         "steering", "sample",     "dropped", "warning"};
  return kNames.at(static_cast<std::size_t>(name));
}

std::string_view name_of(Callback callback) {
  constexpr std::array<std::string_view, 11> kNames{"accept",  "read",          "write", "expt",
                                                    "connect", "connect_error", "close", "error",
                                                    "finish",  "discard",       "other"};
  return kNames.at(static_cast<std::size_t>(callback));
}

std::string_view name_of(Operation operation) {
  constexpr std::array<std::string_view, 3> kNames{"receive", "send", "accept"};
  return kNames.at(static_cast<std::size_t>(operation));
}

std::string_view name_of(IoStatus status) {
  constexpr std::array<std::string_view, 5> kNames{"done", "exhausted", "end", "failed",
                                                   "exhausted"};
  return kNames.at(static_cast<std::size_t>(status));
}

std::string_view name_of(Model model) {
  constexpr std::array<std::string_view, 3> kNames{"remembered", "drain", "level"};
  return kNames.at(static_cast<std::size_t>(model));
}

std::string json_string(std::string_view text) {
  using nlohmann::json;
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string json_string_or_null(std::string_view text) {
  return text.empty() ? "null" : json_string(text);
}

}  // namespace bunshin
