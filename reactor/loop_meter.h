#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <typeindex>
#include <vector>

#include "reactor/observer.h"

namespace bunshin {

class Host;

/// What a loop costs those who wait for it: for how long nobody else could be served, and which
/// class of handlers took longest in which callback. In the reactor's thread.
class LoopMeter : public Observer {
 public:
  /// `host`: whose time it is, that of the reactor.
  explicit LoopMeter(Host& host) : host_(host) {}

  /// What callbacks of one class have taken, those within them counted too.
  struct Cost {
    std::uint64_t calls = 0;
    Duration total{};
    Duration slowest{};
    Callback callback{};  ///< which was the slowest
  };
  /// By the name of the class.
  [[nodiscard]] std::map<std::string, Cost> costs() const;
  /// The longest time between a wait's end and the next wait: so late was whoever became ready
  /// then.
  [[nodiscard]] Duration longest_lag() const { return longest_lag_; }
  [[nodiscard]] Duration mean_lag() const;
  void reset();

  void waited(Duration limit, std::size_t events) override;
  void round_ends() override;
  void begins(const EventHandler& handler, Callback callback) override;
  void ends(const EventHandler& handler, Callback callback) override;

 private:
  struct Running {
    const EventHandler* handler;
    Callback callback;
    TimePoint since;
  };
  void add(const Running& over, TimePoint now);

  Host& host_;
  std::vector<Running> running_;  // callbacks nest
  std::map<std::type_index, Cost> costs_;
  TimePoint woken_{};
  Duration longest_lag_{};
  Duration all_lags_{};
  std::uint64_t rounds_ = 0;
};

}  // namespace bunshin
