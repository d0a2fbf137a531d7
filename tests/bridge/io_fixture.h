#pragma once

#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/bridge.h"
#include "bridge/simulated_julius.h"
#include "bridge/simulated_rapiro.h"
#include "tests/bridge/fixtures.h"
#include "tests/support/fixture.h"

namespace bunshin::testing {

/// Tries again at once, for cases that are not about waiting.
inline constexpr Backoff::Limits kSoon{1ms, 5ms, 1ms};

/// Writes down what the bridge and its queue tell, the queue's own "#C" left out.
class Notes : public BridgeObserver {
 public:
  void heard(const Decision& decision) override {
    phrases.push_back(decision.phrase);
    outcomes.push_back(decision.outcome);
  }
  void not_understood(const JuliusMessage&) override { ++misunderstood; }
  void message(const JuliusMessage&) override { ++messages; }
  void sent(std::string_view command) override { note(sent_commands, command); }
  void answered(std::string_view command, std::string_view reply) override {
    if (command != "#C") answers.emplace_back(reply);
    if (command != "#C") answered_commands.emplace_back(command);
  }
  void gave_up(std::string_view command, std::string_view) override { note(given_up, command); }
  void dropped(std::string_view command, std::string_view /*reason*/) override {
    note(dropped_commands, command);
  }
  void resynchronised() override { ++resyncs; }
  void robot_away(std::string_view reason) override { away = reason; }
  void robot_back() override { ++back; }

  std::vector<std::string> phrases, sent_commands, answers, answered_commands, given_up,
      dropped_commands;
  std::vector<Decision::Outcome> outcomes;
  std::size_t messages = 0;
  int misunderstood = 0;
  int resyncs = 0;
  std::string away;
  int back = 0;

 private:
  static void note(std::vector<std::string>& list, std::string_view command) {
    if (command != "#C") list.emplace_back(command);
  }
};

/// A path that leads to a serial line and can be led to another one, as udev does.
class LinePath {
 public:
  explicit LinePath(const std::string& target) { lead_to(target); }
  void lead_to(const std::string& target) {
    cut();
    EXPECT_EQ(::symlink(target.c_str(), path_.c_str()), 0);
  }
  void cut() { ::unlink(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = fresh_path("line");
};

/// What the rules are made of whose bridge listens at `address` and drives `line`.
inline BridgeConfig config_for(const std::string& address, const std::string& line) {
  BridgeConfig config = builtin_config();
  config.julius.address = address;
  config.serial.device = line;
  config.robot.coalesce = false;  // every command is to be seen
  return config;
}

/// One block with a final hypothesis, all words of confidence 0.9.
inline std::string spoken(std::initializer_list<std::string_view> words,
                          std::string_view rank = "1") {
  std::string block = "<RECOGOUT>\n  <SHYPO RANK=\"" + std::string(rank) + "\">\n";
  for (const std::string_view word : words) {
    block += "    <WHYPO WORD=\"" + std::string(word) + "\" CM=\"0.900\"/>\n";
  }
  return block + "  </SHYPO>\n</RECOGOUT>\n.\n";
}

}  // namespace bunshin::testing
