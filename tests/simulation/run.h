#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "reactor/simulation/world.h"
#include "tests/simulation/watcher.h"

namespace bunshin::simulation {

/// One of the oracles was violated.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One run of a scenario: a world, its processes, each watched, and what the log says.
class Run {
 public:
  Run(Draws& draws, Tale& tale);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  World world;

  /// A process whose engine tells as the draws say, and that is watched.
  Process& start(const std::string& name);
  /// A server in `process`. Null when its engine had no room for it, which a run may end with.
  template <typename Server, typename... Args>
  Server* serve(Process& process, Args&&... args) {
    try {
      return &process.reactor().emplace<Server>(std::forward<Args>(args)...);
    } catch (const std::system_error& error) {
      excuse(error);
      return nullptr;
    }
  }
  /// A Violation, unless an engine had no room.
  void excuse(const std::system_error& error);
  /// What the handlers refer to: it lives until they are gone, however the scenario ends.
  template <typename Thing, typename... Args>
  Thing& keep(Args&&... args) {
    auto thing = std::make_shared<Thing>(Thing{std::forward<Args>(args)...});
    kept_.push_back(thing);
    return *thing;
  }
  /// One of 0 to `most`, 0 the simplest: what the scenario itself chooses.
  std::uint32_t pick(std::uint32_t most) { return draws_.pick(Choice::script, 0, most); }
  bool chance() { return pick(1) != 0; }

  /// Goes on until `done`, or else throws a Violation: at rest before, or too many rounds. From the
  /// middle on nothing unusual happens any more, so that everything can come to its end.
  void until(const std::function<bool()>& done, std::uint64_t rounds = 6000);
  /// Lets the world come to rest, for at most `rounds`.
  void settle(std::uint64_t rounds = 2000);

  [[nodiscard]] Draws& draws() { return draws_; }

 private:
  void check_all();
  void check(Process& process);

  Draws& draws_;
  Tale& tale_;
  std::size_t lines_ = 0;  // of the log
  std::vector<std::shared_ptr<void>> kept_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
};

void require(bool holds, const std::string& otherwise);

}  // namespace bunshin::simulation
