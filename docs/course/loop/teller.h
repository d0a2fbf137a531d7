#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/host.h"
#include "reactor/observer.h"
#include "reactor/reactor.h"

namespace bunshin::loop {

/// `text` as a string of JSON, quotes and all.
std::string json_string(std::string_view text);

/// "remembered" and so on.
std::string_view model_name(Model model);

/// Tells what happens in a loop as the scope's page wants to hear it: JSON, one object a line, with
/// the names of the observer. Taken off the reactor when it is destroyed. One thread.
class Teller final : public Observer {
 public:
  explicit Teller(Reactor& reactor);
  ~Teller() override { reactor_.observe(nullptr); }
  Teller(const Teller&) = delete;
  Teller& operator=(const Teller&) = delete;

  /// An event that is not the loop's own; `members` begins with a comma.
  void tell(std::string_view name, std::string_view members);
  /// What waits for each handler, and what a message has cost since the last time.
  void sample();
  /// Whose callback a step would be, if that has changed.
  void held(const EventHandler* handler);
  [[nodiscard]] std::string take() { return std::exchange(told_, {}); }
  /// Called when a handler was told to be readable.
  std::function<void(const EventHandler&)> on_edge;

  // Observer
  void round_begins(std::uint64_t number) override;
  void waited(Duration limit, std::size_t events) override;
  void round_ends() override;
  void opened(const EventHandler& handler, Kind kind, Model model) override;
  void closing(const EventHandler& handler) override;
  void ready(const EventHandler& handler, std::uint8_t bits) override;
  void interest_changed(const EventHandler& handler) override;
  void begins(const EventHandler& handler, Callback callback) override;
  void ends(const EventHandler& handler, Callback callback) override;
  void did(const EventHandler& handler, Operation operation, std::size_t asked,
           const IoResult& result) override;
  void parked(const EventHandler& handler) override;
  void stuck(const EventHandler& handler) override;
  void starved(const EventHandler& handler, Duration delay) override;
  void timers_begin() override;

 private:
  /// A handler that has a descriptor.
  struct Known {
    std::uint64_t id = 0;
    Kind kind{};
    Model model{};
    bool told = false;  // `opened` was: not while its constructor runs
    std::size_t received = 0;
    std::size_t sent = 0;
    std::int64_t touched = 0;
  };

  void about(std::string_view name, const EventHandler& handler, std::string_view members = {});
  void put(std::string_view name, std::string_view members);
  void tell_opened();
  void show_round();
  [[nodiscard]] std::int64_t now() const { return (reactor_.host().now() - began_).count(); }
  [[nodiscard]] std::uint64_t id_of(const EventHandler& handler) const;
  [[nodiscard]] std::string numbers(const EventHandler& handler, const Known& its) const;

  Reactor& reactor_;
  const TimePoint began_;
  std::string told_;
  std::map<const EventHandler*, Known> known_;
  std::vector<const EventHandler*> new_;
  std::uint64_t last_id_ = 0;
  std::uint64_t round_ = 0;
  bool round_shown_ = false;
  std::string wait_;  // of a round that is not shown yet
  std::size_t calls_ = 0;
  std::size_t messages_ = 0;
  std::string held_;
};

}  // namespace bunshin::loop
