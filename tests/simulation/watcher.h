#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "reactor/observer.h"
#include "reactor/simulation/world.h"

namespace bunshin::simulation {

/// What happened, for a person and for comparing: a sum of all events always, their text when it is
/// asked for.
class Tale {
 public:
  explicit Tale(bool with_text) : with_text_(with_text) {}
  [[nodiscard]] bool with_text() const { return with_text_; }
  void note(std::uint64_t what) { sum_ = (sum_ ^ what) * 0x100000001b3 + (sum_ >> 29); }
  void tell(std::string line) {
    if (with_text_) lines_.push_back(std::move(line));
  }
  [[nodiscard]] std::uint64_t sum() const { return sum_; }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

  /// How often each thing was seen, by its name: what a run covers.
  std::map<std::string, std::uint64_t> seen;

 private:
  const bool with_text_;
  std::uint64_t sum_ = 0xcbf29ce484222325;
  std::vector<std::string> lines_;
};

/// Watches one process, and holds the loop to what it promises its handlers: handle_close once a
/// connection, and nothing after close(). What is violated is kept until violation() asks.
class Watcher final : public Observer {
 public:
  Watcher(Process& process, Tale& tale);

  [[nodiscard]] const std::string& violation() const { return violation_; }

  void waited(Duration limit, std::size_t events) override;
  void opened(const EventHandler& handler, Kind kind, Model model) override;
  void closing(const EventHandler& handler) override;
  void ready(const EventHandler& handler, std::uint8_t bits) override;
  void begins(const EventHandler& handler, Callback callback) override;
  void did(const EventHandler& handler, Operation operation, std::size_t asked,
           const IoResult& result) override;
  void parked(const EventHandler& handler) override;
  void stuck(const EventHandler& handler) override;
  void starved(const EventHandler& handler, Duration delay) override;
  void posts_begin(std::size_t count) override;
  void timers_begin() override;

 private:
  void tell(std::string_view what, const EventHandler& handler, std::uint64_t number,
            std::string_view detail = {});
  void violate(const EventHandler& handler, std::string_view what);

  Process& process_;
  Tale& tale_;
  std::map<int, int> closes_told_;  // of the registration that has that descriptor now
  std::string violation_;
};

}  // namespace bunshin::simulation
