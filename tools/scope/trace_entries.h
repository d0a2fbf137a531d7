#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tools/scope/loop_recorder.h"
#include "tools/scope/trace_file.h"

namespace bunshin {

/// Puts the event stream into a trace file in the Trace Event Format (its JSON array form), which
/// Perfetto and chrome://tracing show: each handler is a track, and the loop is one; a callback is
/// a slice; an arrow leads from the round in which a handler was told ready to the callback that
/// came of it; counters tell how many are ready and parked, and how many bytes wait. Each event
/// stands whole in the "args" of one entry; entries without "event" in "args" are for the picture
/// alone. In the reactor's thread.
class TraceEntries final : public EventSink {
 public:
  /// `recorder` must outlive it. `hello`: as Viewers wants it. Throws std::system_error when `path`
  /// can not be written.
  TraceEntries(LoopRecorder& recorder, const std::string& path, std::size_t limit,
               const std::string& program, const std::string& hello);
  ~TraceEntries();
  TraceEntries(const TraceEntries&) = delete;
  TraceEntries& operator=(const TraceEntries&) = delete;

  void event(const LoopEvent& event) override;
  /// Gives what has been collected to the file.
  void flush();
  /// Whether it can not be written any more.
  [[nodiscard]] bool failed() const { return file_.failed(); }

 private:
  struct Entry {
    char phase;
    std::string_view name;
    std::uint64_t track = 0;
    std::string_view more = {};  // further members
  };
  void put(const LoopEvent& event, const Entry& entry);
  void put(const LoopEvent& event, const Entry& entry, std::string_view arguments);
  void put_event(const LoopEvent& event);
  void put_opened(const LoopEvent& event);
  void put_closing(const LoopEvent& event);
  void put_wait(const LoopEvent& event);
  void put_arrow(const LoopEvent& event, char phase, std::uint64_t track, std::uint64_t arrow);
  void put_totals(const LoopEvent& event);
  void put_ready(const LoopEvent& event);
  void put_begins(const LoopEvent& event);

  LoopRecorder& recorder_;
  TraceFile file_;
  TraceFile::Piece piece_;
  std::size_t entries_ = 0;                  // in piece_
  std::size_t missed_ = 0;                   // events that the file did not take
  LoopTotals totals_{.readable = SIZE_MAX};  // told last: none yet
  Duration round_began_{};
  bool in_round_ = false;
  std::unordered_map<std::uint64_t, std::uint64_t> arrows_;  // by handler, those without an end
  std::uint64_t last_arrow_ = 0;
};

}  // namespace bunshin
