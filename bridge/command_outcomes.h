#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "bridge/bridge.h"

namespace bunshin {

/// What became of a phrase, in a sentence for whoever said it.
struct PhraseOutcome {
  bool done = false;  ///< the robot has answered
  std::string sentence;
};

/// Tells whoever brought a phrase what became of the command it made. One of the observers of a
/// bridge, whose queue ends each command just once, and those that read the same in their order. In
/// the reactor's thread.
class CommandOutcomes : public BridgeObserver {
 public:
  using Done = std::function<void(const PhraseOutcome&)>;

  /// Calls `say`, which lets the bridge hear one phrase, and `done` when that has come to its end:
  /// within this call when it moves nothing, else when the robot has answered or the command was
  /// given up.
  void follow(Done done, const std::function<void()>& say);

  void heard(const Decision& decision) override;
  void ordered(std::string_view command) override;
  void answered(std::string_view command, std::string_view reply) override;
  void gave_up(std::string_view command, std::string_view reason) override;
  void dropped(std::string_view command, std::string_view reason) override;
  void refused(std::string_view command, std::string_view reason) override;

 private:
  struct Waiting {
    std::string phrase;
    std::string command;
    Done done;  // none: others do not ask
  };
  void end(std::string_view command, bool done, std::string_view how);

  Done next_;           // of the phrase that is said just now
  std::string phrase_;  // that made the command which is handed over next
  std::deque<Waiting> waiting_;
};

}  // namespace bunshin
