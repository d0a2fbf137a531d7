#pragma once

#include <vector>

#include "bridge/bridge.h"

namespace bunshin {

/// Tells everything to several observers, in the order in which they were added. Owned by whoever
/// makes the bridge; the observers outlive it or are removed. In the reactor's thread, and not
/// changed from within an observer.
class BridgeObservers : public BridgeObserver {
 public:
  void add(BridgeObserver& observer) { observers_.push_back(&observer); }
  void remove(BridgeObserver& observer) { std::erase(observers_, &observer); }

  void engine_connected() override { tell(&BridgeObserver::engine_connected); }
  void engine_lost() override { tell(&BridgeObserver::engine_lost); }
  void engine_said(const JuliusBytes& said) override { tell(&BridgeObserver::engine_said, said); }
  void message(const JuliusMessage& message) override { tell(&BridgeObserver::message, message); }
  void ordered(std::string_view command) override { tell(&BridgeObserver::ordered, command); }
  void line_opened() override { tell(&BridgeObserver::line_opened); }
  void line_lost() override { tell(&BridgeObserver::line_lost); }
  void heard(const Decision& decision) override { tell(&BridgeObserver::heard, decision); }
  void not_understood(const JuliusMessage& message) override {
    tell(&BridgeObserver::not_understood, message);
  }
  void sent(std::string_view command) override { tell(&BridgeObserver::sent, command); }
  void answered(std::string_view command, std::string_view reply) override {
    tell(&BridgeObserver::answered, command, reply);
  }
  void retrying(std::string_view command, std::string_view reason) override {
    tell(&BridgeObserver::retrying, command, reason);
  }
  void gave_up(std::string_view command, std::string_view reason) override {
    tell(&BridgeObserver::gave_up, command, reason);
  }
  void dropped(std::string_view command, std::string_view reason) override {
    tell(&BridgeObserver::dropped, command, reason);
  }
  void refused(std::string_view command, std::string_view reason) override {
    tell(&BridgeObserver::refused, command, reason);
  }
  void robot_away(std::string_view reason) override { tell(&BridgeObserver::robot_away, reason); }
  void robot_back() override { tell(&BridgeObserver::robot_back); }
  void resynchronised() override { tell(&BridgeObserver::resynchronised); }
  void unexpected(std::string_view reply) override { tell(&BridgeObserver::unexpected, reply); }

 private:
  template <typename What, typename... Args>
  void tell(What what, const Args&... args) {
    for (BridgeObserver* observer : observers_) (observer->*what)(args...);
  }

  std::vector<BridgeObserver*> observers_;
};

}  // namespace bunshin
