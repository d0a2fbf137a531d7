#include "tools/scope/viewers.h"

#include <gmock/gmock.h>

#include "handlers/http/http_server.h"
#include "reactor/log.h"
#include "tests/tools/scope/scope_case.h"

namespace bunshin::testing {
namespace {

class ViewersTest : public ScopeCase {
 protected:
  /// Callbacks and rounds that begin and end, in their order.
  static bool well_nested(const std::vector<json>& events) {
    std::vector<std::string> open;
    for (const json& event : events) {
      const std::string name = event.at("event");
      if (name == "hello") open.clear();
      if (name == "round_begins") open.push_back("round");
      if (name == "begins") open.push_back(event.at("callback"));
      if (name != "round_ends" && name != "ends") continue;
      if (open.empty()) return false;
      const std::string its = name == "ends" ? event.at("callback").get<std::string>() : "round";
      if (open.back() != its) return false;
      open.pop_back();
    }
    return true;
  }
  static std::size_t missing(const Viewer& viewer) {
    std::size_t count = 0;
    for (const json& event : viewer.named("dropped")) count += event.at("count").get<std::size_t>();
    return count;
  }
};
BUNSHIN_EVERY_ENGINE(ViewersTest);

TEST_P(ViewersTest, OfABusyLoopWholeCallbacksAreLeftOutAndCounted) {
  Viewer viewer = look_on();
  std::vector<Peer> peers;
  for (int count = 0; count < 20; ++count) peers.push_back(connect());
  ASSERT_TRUE(run_with(viewer, [&] {
    for (Peer& peer : peers) {
      peer.send_now("x");
      peer.receive_now();
    }
    return missing(viewer) > 1000;
  }));
  rounds_in(300ms);
  viewer.look();
  EXPECT_TRUE(well_nested(viewer.events));
  EXPECT_EQ(viewer.count("opened"), 21U);
  const std::size_t before = viewer.count("ends");
  echo(peers.front());
  EXPECT_TRUE(run_with(viewer, [&] { return viewer.count("ends") > before; }));
}

TEST_P(ViewersTest, OneThatStopsReadingIsToldWhatItMissedAndBeginsAnew) {
  Viewer viewer = look_on();
  Viewer other = look_on();
  const std::string much(2000, 'x');
  std::size_t waiting = 0;
  ASSERT_TRUE(run_with(
      other,
      [&] {
        for (int count = 0; count < 20; ++count) bunshin::log(LogLevel::info, "{}", much);
        reactor.for_each([&waiting](EventHandler& handler) {
          const auto* its = dynamic_cast<BufferedDispatcher*>(&handler);
          if (its != nullptr && !its->has_ref()) waiting = std::max(waiting, its->buffered());
        });
        // More than all buffers between the two hold.
        return other.count("log") > 6000;
      },
      20s));
  EXPECT_LT(waiting, 2 * HttpOptions().stream_watermark);
  Peer late = connect();
  echo(late);
  rounds_in(300ms);
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.count("hello") == 2; }));
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.count("steering") >= 2; }));
  EXPECT_GT(missing(viewer), 0U);
  const std::string address = late.local_address().to_string();
  bool told = false;
  for (const json& opened : viewer.named("opened")) told = told || opened.at("peer") == address;
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace bunshin::testing
