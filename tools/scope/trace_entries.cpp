#include "tools/scope/trace_entries.h"

#include <fmt/format.h>

#include <exception>
#include <iterator>
#include <utility>

#include "reactor/log.h"

namespace bunshin {

namespace {

using Name = LoopEvent::Name;

/// All is of one process, and a file of one run: whatever number it has in the kernel.
constexpr int kProcess = 1;
/// A piece that has grown so large does not wait for the end of its round.
constexpr std::size_t kPiece = 1024 * 1024;

/// How far the mark of an instant reaches.
constexpr std::string_view kOnTrack = ",\"s\":\"t\"";
constexpr std::string_view kEverywhere = ",\"s\":\"g\"";

/// The format counts in microseconds, with fractions.
std::string microseconds(Duration time) {
  return fmt::format("{}.{:03}", time.count() / 1000, time.count() % 1000);
}

std::string title(std::string_view kind, std::uint64_t track, std::string_view name) {
  return fmt::format(R"({{"ph":"M","name":"{}","pid":{},"tid":{},"args":{{"name":{}}}}})", kind,
                     kProcess, track, json_string(name));
}

std::string head(Duration now, const std::string& program, const std::string& hello) {
  LoopEvent event(Name::hello, now, 0);
  event.members = hello;
  return fmt::format(
      "{},\n{},\n"
      R"({{"ph":"i","s":"g","name":"hello","cat":"loop","ts":{},"pid":{},"tid":0,"args":{}}})",
      title("process_name", 0, program), title("thread_name", 0, "the loop"), microseconds(now),
      kProcess, event.json());
}

}  // namespace

TraceEntries::TraceEntries(LoopRecorder& recorder, const std::string& path, std::size_t limit,
                           const std::string& program, const std::string& hello)
    : recorder_(recorder), file_(path, limit, head(recorder.now(), program, hello)) {
  recorder_.add(*this);
}

TraceEntries::~TraceEntries() {
  recorder_.remove(*this);
  try {
    flush();
  } catch (const std::exception& error) {
    log(LogLevel::warning, "the end of the trace is lost: {}", error.what());
  }
}

void TraceEntries::event(const LoopEvent& event) {
  if (event.background) return;
  if (event.name == Name::round_begins) {
    round_began_ = event.t;
    in_round_ = true;
  }
  if (event.name == Name::round_ends) in_round_ = false;
  put_event(event);
  if (!in_round_ || piece_.entries.size() > kPiece) flush();
}

void TraceEntries::put_event(const LoopEvent& event) {
  const std::uint64_t track = event.its == nullptr ? 0 : event.its->id;
  switch (event.name) {
    case Name::round_begins:
      return put(event, {'B', "round"});
    case Name::round_ends:
      return put(event, {'E', "round"});
    case Name::waited:
      return put_wait(event);
    case Name::opened:
      return put_opened(event);
    case Name::closing:
      return put_closing(event);
    case Name::ready:
      return put_ready(event);
    case Name::begins:
      return put_begins(event);
    case Name::ends:
      return put(event, {'E', name_of(event.callback), track});
    case Name::did:
      return put(event, {'i', name_of(event.operation), track, kOnTrack});
    case Name::sample:
      return put_totals(event);
    case Name::log:
    case Name::warning:
    case Name::paused:
    case Name::resumed:
      return put(event, {'i', name_of(event.name), track, kEverywhere});
    default:
      return put(event, {'i', name_of(event.name), track, kOnTrack});
  }
}

void TraceEntries::put(const LoopEvent& event, const Entry& entry) {
  put(event, entry, event.json());
}

void TraceEntries::put(const LoopEvent& event, const Entry& entry, std::string_view arguments) {
  ++entries_;
  fmt::format_to(
      std::back_inserter(piece_.entries),
      ",\n"
      R"({{"ph":"{}","name":"{}","cat":"loop","ts":{}.{:03},"pid":{},"tid":{}{},"args":{}}})",
      entry.phase, entry.name, event.t.count() / 1000, event.t.count() % 1000, kProcess,
      entry.track, entry.more, arguments);
}

void TraceEntries::put_opened(const LoopEvent& event) {
  const std::size_t begin = piece_.entries.size();
  const WatchedHandler& its = *event.its;
  piece_.entries += ",\n";
  piece_.entries += title(
      "thread_name", its.id,
      fmt::format("{} #{} {}", its.class_name, its.id, its.peer.empty() ? its.local : its.peer));
  put(event, {'i', "opened", its.id, kOnTrack});
  piece_.opened.emplace_back(its.id, piece_.entries.substr(begin));
}

void TraceEntries::put_closing(const LoopEvent& event) {
  put(event, {'i', "closing", event.its->id, kOnTrack});
  piece_.closed.push_back(event.its->id);
  arrows_.erase(event.its->id);
}

void TraceEntries::put_wait(const LoopEvent& event) {
  LoopEvent from(Name::waited, round_began_, event.round);
  const std::string more = fmt::format(R"(,"dur":{})", microseconds(event.t - round_began_));
  put(from, {'X', "wait", 0, more}, event.json());
}

/// An arrow begins in the slice that runs on its track, and ends at the one that begins.
void TraceEntries::put_arrow(const LoopEvent& event, char phase, std::uint64_t track,
                             std::uint64_t arrow) {
  const std::string more = fmt::format(R"(,"id":{}{})", arrow, phase == 'f' ? R"(,"bp":"e")" : "");
  put(event, {phase, "ready", track, more}, "{}");
}

void TraceEntries::put_ready(const LoopEvent& event) {
  put(event, {'i', "ready", event.its->id, kOnTrack});
  if (!in_round_ || arrows_.count(event.its->id) > 0) return;
  arrows_[event.its->id] = ++last_arrow_;
  put_arrow(event, 's', 0, last_arrow_);
}

void TraceEntries::put_begins(const LoopEvent& event) {
  put(event, {'B', name_of(event.callback), event.its->id});
  const auto found = arrows_.find(event.its->id);
  if (found == arrows_.end()) return;
  put_arrow(event, 'f', event.its->id, found->second);
  arrows_.erase(found);
}

void TraceEntries::put_totals(const LoopEvent& event) {
  const LoopTotals& totals = *event.totals;
  if (totals == totals_) return;
  totals_ = totals;
  put(event, {'C', "handlers"},
      fmt::format(R"({{"ready":{},"parked":{}}})", totals.readable, totals.parked));
  put(event, {'C', "bytes waiting"},
      fmt::format(R"({{"to be read":{},"in our buffers":{},"to leave the kernel":{}}})",
                  totals.unread, totals.unsent, totals.unsent_by_kernel));
}

void TraceEntries::flush() {
  const std::size_t entries = std::exchange(entries_, 0);
  TraceFile::Piece piece = std::exchange(piece_, {});
  if (entries == 0) return;
  if (missed_ > 0) {
    LoopEvent gap(Name::dropped, recorder_.now(), 0);
    gap.count = missed_;
    put(gap, {'i', "dropped", 0, kEverywhere});
    piece.entries.insert(0, std::exchange(piece_, {}).entries);
    entries_ = 0;
  }
  missed_ = file_.give(std::move(piece)) ? 0 : missed_ + entries;
}

}  // namespace bunshin
