#include "teller.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <typeinfo>

#include "handlers/buffered_dispatcher.h"
#include "reactor/error.h"
#include "reactor/log.h"

namespace bunshin::loop {

namespace {

constexpr std::array kCallbacks{"accept", "read",  "write",  "expt",    "connect", "connect_error",
                                "close",  "error", "finish", "discard", "other"};
constexpr std::array kOperations{"receive", "send", "accept"};
constexpr std::array kStatus{"done", "exhausted", "end", "failed", "later"};
constexpr std::array kModels{"remembered", "drain", "level"};
constexpr std::array kKinds{"connection", "connection", "listener", "tty"};

template <typename Names, typename Value>
std::string_view name_in(const Names& names, Value value) {
  return names[static_cast<std::size_t>(value)];
}

std::string bits_json(std::uint8_t bits) {
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
  std::string list;
  for (const auto& [bit, name] : kBits) {
    if ((bits & bit) != 0) list += fmt::format("{}\"{}\"", list.empty() ? "" : ",", name);
  }
  return "[" + list + "]";
}

/// Without the namespaces that all have in common.
std::string short_name(const EventHandler& handler) {
  std::string name = class_name(typeid(handler)).text();
  for (const std::string_view part : {"bunshin::", "loop::", "(anonymous namespace)::"}) {
    for (auto at = name.find(part); at != name.npos; at = name.find(part))
      name.erase(at, part.size());
  }
  return name;
}

/// A descriptor may have no name yet.
template <typename Function>
std::string name_json(Function&& function) {
  try {
    return json_string(function().to_string());
  } catch (const std::exception&) {
    return "null";
  }
}

std::string_view next_callback(const EventHandler& handler, Kind kind) {
  if (kind == Kind::listener) return "accept";
  if (handler.connecting()) return "connect";
  if (handler.ended() || handler.error() != 0) return "close";
  const bool reads = (handler.known_ready() & ready::readable) != 0;
  return !reads && handler.owes() ? "write" : "read";
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') out += '\\';
    if (static_cast<unsigned char>(letter) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", letter);
    } else {
      out += letter;
    }
  }
  return out + '"';
}

std::string_view model_name(Model model) { return name_in(kModels, model); }

Teller::Teller(Reactor& reactor) : reactor_(reactor), began_(reactor.host().now()) {
  reactor_.observe(this);
}

void Teller::put(std::string_view name, std::string_view members) {
  fmt::format_to(std::back_inserter(told_), "{{\"t\":{},\"round\":{},\"event\":\"{}\"{}}}\n", now(),
                 round_, name, members);
}

void Teller::tell(std::string_view name, std::string_view members) {
  tell_opened();
  put(name, members);
}

std::uint64_t Teller::id_of(const EventHandler& handler) const {
  const auto found = known_.find(&handler);
  return found == known_.end() ? 0 : found->second.id;
}

void Teller::about(std::string_view name, const EventHandler& handler, std::string_view members) {
  show_round();
  tell(name, fmt::format(",\"handler\":{},\"class\":{}{}", id_of(handler),
                         json_string(short_name(handler)), members));
}

/// When its constructors have run: before, it does not know its class.
void Teller::tell_opened() {
  for (const EventHandler* handler : std::exchange(new_, {})) {
    const auto found = known_.find(handler);
    if (found == known_.end() || found->second.told) continue;
    Known& its = found->second;
    its.told = true;
    Host& host = reactor_.host();
    const int fd = handler->descriptor();
    const bool names = its.kind != Kind::file;
    put("opened",
        fmt::format(
            R"(,"handler":{},"class":{},"fd":{},"kind":"{}","model":"{}","peer":{},"local":{},"background":false)",
            its.id, json_string(short_name(*handler)), fd,
            handler->connecting() ? "connecting" : name_in(kKinds, its.kind),
            name_in(kModels, its.model),
            names && its.kind != Kind::listener ? name_json([&] { return host.peer_name(fd); })
                                                : "null",
            names ? name_json([&] { return host.local_name(fd); }) : "null"));
  }
}

// --- The loop ---

void Teller::round_begins(std::uint64_t number) {
  round_ = number;
  round_shown_ = false;
  wait_.clear();
}

/// A round in which nothing happens to anybody is not told of.
void Teller::show_round() {
  if (std::exchange(round_shown_, true)) return;
  ++calls_;  // its wait
  put("round_begins", "");
  if (!wait_.empty()) put("waited", wait_);
}

void Teller::waited(Duration limit, std::size_t events) {
  const std::string text = limit == Engine::kForever ? "null" : std::to_string(limit.count());
  wait_ = fmt::format(",\"limit\":{},\"events\":{}", text, events);
}

void Teller::round_ends() {
  tell_opened();
  if (round_shown_) put("round_ends", "");
}

void Teller::opened(const EventHandler& handler, Kind kind, Model model) {
  Known its;
  its.id = ++last_id_;
  its.kind = kind;
  its.model = model;
  its.touched = now();
  known_[&handler] = its;
  new_.push_back(&handler);
  ++calls_;
}

void Teller::closing(const EventHandler& handler) {
  about("closing", handler);
  known_.erase(&handler);
  ++calls_;
}

void Teller::ready(const EventHandler& handler, std::uint8_t bits) {
  about("ready", handler, ",\"bits\":" + bits_json(bits));
  if (on_edge && (bits & ready::readable) != 0) on_edge(handler);
}

void Teller::interest_changed(const EventHandler& /*handler*/) { ++calls_; }

void Teller::begins(const EventHandler& handler, Callback callback) {
  about("begins", handler, fmt::format(",\"callback\":\"{}\"", name_in(kCallbacks, callback)));
}

void Teller::ends(const EventHandler& handler, Callback callback) {
  about("ends", handler,
        fmt::format(",\"callback\":\"{}\",\"ns\":0", name_in(kCallbacks, callback)));
}

void Teller::did(const EventHandler& handler, Operation operation, std::size_t asked,
                 const IoResult& result) {
  ++calls_;
  if (operation == Operation::receive && result.bytes > 0) ++messages_;
  if (const auto found = known_.find(&handler); found != known_.end()) {
    Known& its = found->second;
    if (operation == Operation::receive) its.received += result.bytes;
    if (operation == Operation::send) its.sent += result.bytes;
    its.touched = now();
  }
  const bool failed = result.status == IoStatus::failed;
  about("did", handler,
        fmt::format(R"(,"operation":"{}","asked":{},"bytes":{},"status":"{}","error":{})",
                    name_in(kOperations, operation), asked, result.bytes,
                    name_in(kStatus, result.status),
                    failed ? fmt::format(R"({{"code":"errno {}","text":{}}})", result.error,
                                         json_string(error_text(result.error)))
                           : "null"));
}

void Teller::parked(const EventHandler& handler) { about("parked", handler); }
void Teller::stuck(const EventHandler& handler) { about("stuck", handler); }
void Teller::starved(const EventHandler& handler, Duration delay) {
  about("starved", handler, fmt::format(",\"delay\":{}", delay.count()));
}
void Teller::timers_begin() {
  if (round_shown_) put("timers", "");
}

// --- What no event tells ---

std::string Teller::numbers(const EventHandler& handler, const Known& its) const {
  const auto queues = reactor_.host().queues(handler.descriptor());
  const auto text = [](const std::optional<std::size_t>& count) {
    return count ? std::to_string(*count) : "null";
  };
  const auto* buffered = dynamic_cast<const BufferedDispatcher*>(&handler);
  return fmt::format(
      R"({{"handler":{},"readable":{},"writable":{},"received":{},"sent":{},"unsent":{},"kernel_in":{},"kernel_out":{},"served":0,"idle":{}}})",
      its.id, (handler.known_ready() & ready::readable) != 0,
      (handler.known_ready() & ready::writable) != 0, its.received, its.sent,
      buffered != nullptr ? std::to_string(buffered->buffered()) : "null", text(queues.in),
      text(queues.out), now() - its.touched);
}

void Teller::sample() {
  std::string list;
  for (const auto& [handler, its] : known_) {
    if (!list.empty()) list += ',';
    list += numbers(*handler, its);
  }
  const std::string cost =
      messages_ == 0
          ? "null"
          : fmt::format("{:.2f}", static_cast<double>(calls_) / static_cast<double>(messages_));
  if (messages_ > 0) calls_ = messages_ = 0;
  tell("sample", fmt::format(",\"handlers\":[{}],\"calls_a_message\":{}", list, cost));
}

void Teller::held(const EventHandler* handler) {
  const auto found = known_.find(handler);
  std::string members = R"(,"handler":null,"callback":null,"waiting":null)";
  if (found != known_.end()) {
    const auto waiting = reactor_.host().queues(handler->descriptor()).in;
    members =
        fmt::format(R"(,"handler":{},"class":{},"callback":"{}","waiting":{})", found->second.id,
                    json_string(short_name(*handler)), next_callback(*handler, found->second.kind),
                    waiting ? std::to_string(*waiting) : "null");
  }
  if (members == held_) return;
  held_ = members;
  tell("held", members);
}

}  // namespace bunshin::loop
