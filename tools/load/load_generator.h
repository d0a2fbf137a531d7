#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/reactor.h"
#include "reactor/sockets.h"
#include "tools/load/load_options.h"
#include "tools/load/load_result.h"

namespace bunshin {

class LoadClient;

/// The bytes that are sent, and must come back: one period of noise, repeated; of all values, or of
/// letters and digits alone, for a server that reads text. Each connection starts at another place
/// of it, so an answer that is late, lost, doubled or somebody else's does not fit. A value.
class LoadPattern {
 public:
  static constexpr std::size_t kLongest = 64 * 1024;  ///< of one piece
  explicit LoadPattern(bool text = false);
  /// What stands at `position` of the endless stream. REQUIRES: length <= kLongest.
  [[nodiscard]] std::string_view piece(std::uint64_t position, std::size_t length) const {
    return std::string_view(noise_).substr(static_cast<std::size_t>(position % kPeriod), length);
  }

 private:
  static constexpr std::size_t kPeriod = 65521;  // prime: no message size is in step with it
  std::string noise_;
};

/// Drives an echo server with messages and measures the answers. Uses the caller's reactor, which
/// must serve nobody else and outlive it; one thread; one run.
///
/// Without a rate every connection keeps `depth` messages in flight: a closed loop, whose latency
/// says nothing of a server under a given load. With a rate the messages have planned times, evenly
/// spaced and dealt out to the connections in turn; one that has to wait, because the server is
/// slow and `depth` messages of its connection are in flight, has its latency counted from its
/// planned time.
class LoadGenerator {
 public:
  LoadGenerator(Reactor& reactor, const SocketAddress& address, const LoadOptions& options);
  ~LoadGenerator();

  /// Called a few times a second while it runs, with a line for the user.
  std::function<void(const std::string&)> on_progress;

  /// Connects, warms up, measures. Throws std::runtime_error when a byte comes back wrong, a
  /// connection ends, or the server does not answer at all.
  LoadResult run();
  /// Ends the run early: what was measured so far counts.
  void stop() { stopped_ = true; }

 private:
  friend class LoadClient;
  // For the clients.
  void client_ready() { ++ready_; }
  void record(TimePoint planned, TimePoint sent, TimePoint answered);
  void record_lateness(Duration lateness);
  void fail(std::string reason);
  [[nodiscard]] TimePoint planned_time(std::size_t client, std::uint64_t turn) const;

  void connect_all();
  void connect_some(std::size_t count);
  [[nodiscard]] StreamSocket open_connection(std::size_t number) const;
  void start_clients();
  void run_until(TimePoint end, const char* phase);
  [[nodiscard]] Duration wait_limit(TimePoint end) const;
  [[nodiscard]] TimePoint next_due() const;
  bool send_due(TimePoint now);
  void skip_due(TimePoint end);
  void progress(TimePoint now, const std::string& line);
  void measure();
  void count_unanswered(TimePoint end);

  Reactor& reactor_;
  SocketAddress address_;
  LoadOptions options_;
  LoadPattern pattern_;
  LoadResult result_;
  std::vector<LoadClient*> clients_;  // those that are active first, then the idle
  std::size_t ready_ = 0;             // clients that have had an answer
  TimePoint plan_start_{};
  std::uint64_t next_planned_ = 0;  // the number of the next message of the plan
  TimePoint next_progress_{};
  bool measuring_ = false;
  bool stopped_ = false;
  std::string failure_;
};

}  // namespace bunshin
