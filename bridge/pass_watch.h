#pragma once

#include <utility>

#include "bridge/julius_message.h"

namespace bunshin {

/// Finds out an engine that never comes to a final result (-1pass): the bridge would listen to it
/// for ever and do nothing. One a connection.
class PassWatch {
 public:
  /// Whether it is out with this message, once: an utterance has ended with guesses alone, or every
  /// word of a final result has CM="0.000", which no second pass gives.
  bool finds_one_pass(const JuliusMessage& message) {
    if (message.kind == JuliusKind::startrecog) guessed_ = decided_ = false;
    const JuliusHypothesis* final = message.final_hypothesis();
    if (message.kind == JuliusKind::recogout && final == nullptr) guessed_ = true;
    if (final != nullptr || message.kind == JuliusKind::recogfail ||
        message.kind == JuliusKind::rejected) {
      decided_ = true;
    }
    const bool ended = message.kind == JuliusKind::input && message.attribute("STATUS") == "LISTEN";
    const bool found = (ended && guessed_ && !decided_) || (final != nullptr && all_zero(*final));
    if (ended) guessed_ = decided_ = false;
    return found && !std::exchange(told_, true);
  }

 private:
  static bool all_zero(const JuliusHypothesis& hypothesis) {
    for (const JuliusWord& word : hypothesis.words) {
      if (word.confidence != 0.0) return false;
    }
    return !hypothesis.words.empty();
  }

  bool guessed_ = false;
  bool decided_ = false;
  bool told_ = false;
};

}  // namespace bunshin
