#pragma once

#include "bridge/bridge_control.h"
#include "bridge/config.h"
#include "bridge/julius_client.h"
#include "bridge/muted_robot.h"
#include "bridge/pass_watch.h"
#include "bridge/recognisers.h"
#include "bridge/rules.h"

namespace bunshin {

/// What the bridge has to tell: what was heard, and what became of it. An observer must not call
/// the bridge back.
class BridgeObserver : public RobotObserver {
 public:
  /// The engine is there, and no longer.
  virtual void engine_connected() {}
  virtual void engine_lost() {}
  /// What it says, byte for byte; after what was made of it.
  virtual void engine_said(const JuliusBytes& /*said*/) {}
  /// Every message of the engine that could be read; before the others.
  virtual void message(const JuliusMessage& /*message*/) {}
  /// A command is handed over to the robot's queue: by a rule, or by another program.
  virtual void ordered(std::string_view /*command*/) {}
  /// The engine's last word on what was said, and what the rules make of it.
  virtual void heard(const Decision& /*decision*/) {}
  /// Something was said and not understood: RECOGFAIL or REJECTED.
  virtual void not_understood(const JuliusMessage& /*message*/) {}
};

/// Moves a robot by what Julius hears: the rules decide which final hypothesis becomes which
/// command, and the driver brings it to the robot. Owned by its reactor, as the driver it makes is,
/// in whose thread all members are called; `observer` must outlive both.
class Bridge : public JuliusClient, public BridgeControl {
 public:
  /// Opens the serial line and connects as soon as the reactor runs. Throws std::system_error for a
  /// line that can not be had and is not waited for, and std::invalid_argument for an unknown
  /// encoding.
  Bridge(Reactor& reactor, const BridgeConfig& config, BridgeObserver& observer,
         Backoff::Limits retry = {}, AtStart at_start = AtStart::wait);

  /// Whether the robot has answered everything that was heard.
  [[nodiscard]] bool idle() const { return robot_.idle(); }
  /// Commands that it has not answered.
  [[nodiscard]] std::size_t waiting() const { return robot_.waiting(); }

  /// Does what the rules make of text that another recogniser has heard: see hypothesis_of.
  void hear_text(std::string_view text);
  /// Brings the robot to do it, in its turn.
  void order(const std::string& command);

  void configure(const BridgeConfig& config) override;
  [[nodiscard]] std::vector<std::string> status() const override;

 protected:
  void handle_message(const JuliusMessage& message) override;
  void handle_bytes(const JuliusBytes& said) override { observer_.engine_said(said); }
  void handle_connected() override { observer_.engine_connected(); }
  void handle_disconnected() override;

 private:
  void decide(const JuliusMessage& message, const JuliusHypothesis& hypothesis);
  void act(const Decision& decision);
  void hand_over(const std::string& command);
  void look();
  void silent();

  RuleSet rules_;
  RobotConfig settings_;
  Recognisers recognisers_;
  PassWatch passes_;
  BridgeObserver& observer_;
  MutedRobot& robot_;      // once we are finishing it may be gone
  std::string last_sent_;  // to the robot
  Timer look_timer_{*this, &Bridge::look};
  Timer silence_timer_{*this, &Bridge::silent};
};

}  // namespace bunshin
