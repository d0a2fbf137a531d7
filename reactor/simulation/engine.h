#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string_view>
#include <utility>

#include "reactor/engine.h"
#include "reactor/simulation/process.h"

namespace bunshin::simulation {

/// Tells readiness as the world has it. A wait never sleeps: it notes for how long the loop would,
/// and the world lets it run again when something has come or that time has passed.
class SimulatedEngine final : public Engine {
 public:
  SimulatedEngine(Process& process, Process::Tells tells) : process_(process), tells_(tells) {}

  [[nodiscard]] std::string_view name() const override { return "simulated"; }
  void add(int fd, Generation generation, Kind kind, Model model, std::uint8_t interest) override;
  void modify(int fd, Generation generation, std::uint8_t interest) override;
  void remove(int fd) noexcept override;
  void rearm(int fd, std::uint8_t bits) noexcept override;
  [[nodiscard]] bool needs_rearm() const override { return tells_ == Process::Tells::once; }
  std::size_t wait(Timeout timeout, std::span<Event> events) override;
  void wake() noexcept override { woken_ = true; }

  /// Something has happened to `node`.
  void touched(const Node& node);
  /// Whether the readiness last told of `fd` was that of what `fd` refers to now.
  [[nodiscard]] bool meant(int fd) const;
  /// The next wait fails with EINTR, as one does in which a process was stopped (signal(7)).
  void interrupt() { interrupted_ = true; }
  /// The last descriptor that referred to `node` is closed.
  void forget(const Node& node);
  /// Whether a wait would return something, or did not sleep.
  [[nodiscard]] bool has_something() const { return woken_ || !asleep_; }
  [[nodiscard]] bool asleep() const { return asleep_ && !woken_; }
  [[nodiscard]] TimePoint sleeps_until() const { return sleeps_until_; }

 private:
  /// As epoll(7) has it: a number and what it referred to then, whatever becomes of the number.
  using Key = std::pair<int, std::uint32_t>;
  struct Watch {
    Generation generation;
    std::shared_ptr<Node> node;
    Model model;
    std::uint8_t interest;  // level: what is asked for; once: what is armed
    bool active = true;     // something has happened since it was told
  };
  [[nodiscard]] bool tells_edges(const Watch& watch) const {
    return tells_ == Process::Tells::edges && watch.model != Model::level;
  }
  [[nodiscard]] std::uint8_t bits_of(const Watch& watch) const;
  [[nodiscard]] std::vector<Key> candidates();
  std::uint8_t take(const Key& key, Watch& watch);
  std::size_t tell_spurious(std::span<Event> events, std::size_t count);

  Process& process_;
  const Process::Tells tells_;
  std::map<Key, Watch> watches_;
  std::deque<Key> active_;             // of edges, in the order in which they came
  std::map<int, std::uint32_t> told_;  // of which node, last
  bool interrupted_ = false;
  bool woken_ = false;
  bool asleep_ = false;
  TimePoint sleeps_until_{};
};

}  // namespace bunshin::simulation
