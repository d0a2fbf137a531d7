// Memory runs out while the bridge works: each allocation fails in turn. It lives on, what is said
// afterwards moves the robot, and the line never gets a part of a command.

#include <gtest/gtest.h>

#include <optional>
#include <regex>
#include <string>
#include <utility>

#include "bridge/rapiro_firmware.h"
#include "tests/bridge/io_fixture.h"

namespace bunshin::testing {
namespace {

class NoMemoryBridgeTest : public EngineCase {
 protected:
  const Listener julius{Family::ipv4};
  Pty pty = make_pty();
  BridgeObserver nobody;
  Bridge& bridge = reactor.emplace<Bridge>(config_for(julius.address.to_string(), pty.slave_path),
                                           nobody, kSoon);
  RapiroFirmware robot{Clock::now()};
  std::optional<Peer> peer;
  bool said = false;  // to the peer
  std::string line;   // all that the robot was sent

  /// The engine is there again when it was lost, and the robot answers.
  bool served(const std::string& command) {
    if (peer && peer->readable())
      peer.reset();  // it has ended the connection: it says nothing else
    if (!peer && bridge.connected()) {
      peer = julius.accept();
      said = false;
    }
    const std::string bytes = read_now(pty.master.get());
    line += bytes;
    const std::string answer = robot.received(bytes, Clock::now());
    if (!answer.empty()) write_all(pty.master.get(), answer);
    return peer && bridge.idle() && line.ends_with(command);
  }
};
BUNSHIN_EVERY_ENGINE(NoMemoryBridgeTest);

TEST_P(NoMemoryBridgeTest, EachAllocationFailsInTurn) {
  run_until([&] { return served(""); });
  bool failed = true;
  for (std::size_t after = 0; failed; ++after) {
    ASSERT_LT(after, 500U);
    peer->send(spoken({"前へ進め"}));
    failed = rounds_without_memory(after, 8);
    // What was said then may be lost. It is said again until it was heard, as people do.
    line.clear();
    said = false;
    ASSERT_TRUE(run_until([&] {
      if (peer && !std::exchange(said, true)) peer->send(spoken({"止まれ"}));
      return served("#M0");
    })) << after;
    ASSERT_FALSE(bridge.closed());
    line.erase(0, line.find('#'));
    EXPECT_TRUE(std::regex_match(line, std::regex("(#M[0-9]|#C|#P[A-Z0-9]*)*"))) << line;
  }
}

}  // namespace
}  // namespace bunshin::testing
