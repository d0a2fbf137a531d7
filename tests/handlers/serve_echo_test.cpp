// serve_echo over several reactors: who serves whom.

#include <gmock/gmock.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "handlers/echo.h"
#include "tests/handlers/noted.h"

namespace bunshin::testing {
namespace {

constexpr std::size_t kReactors = 3;

ReactorOptions on_engine(const std::string& engine) {
  ReactorOptions options;
  options.engine = engine;
  return options;
}

/// A group that runs in threads of its own until the end of the case.
class ServeEchoTest : public ::testing::TestWithParam<Setting> {
 protected:
  void start(std::size_t reactors = kReactors) {
    group = std::make_unique<ReactorGroup>(reactors, on_engine(GetParam().engine));
    // The stop word tells in which thread a client is served.
    options.stop = [this] {
      const std::lock_guard lock(mutex);
      ++served[std::this_thread::get_id()];
      ++all;
      changed.notify_one();
    };
    address = serve_echo(*group, any_endpoint(GetParam().family), options);
    thread = std::thread([this] { group->run(); });
  }
  void TearDown() override {
    if (!thread.joinable()) return;
    group->stop();
    thread.join();
  }
  std::map<std::thread::id, std::size_t> ask(std::size_t clients) {
    std::vector<Peer> peers;
    for (std::size_t number = 0; number < clients; ++number) {
      peers.emplace_back(address);
      peers.back().send("who");
      EXPECT_EQ(peers.back().receive(3), "who");
    }
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, 5s, [&] { return all == clients; }));
    return served;
  }

  EchoOptions options;
  SocketAddress address;
  std::unique_ptr<ReactorGroup> group;

 private:
  std::thread thread;
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::thread::id, std::size_t> served;
  std::size_t all = 0;
};
BUNSHIN_EVERY_SETTING(ServeEchoTest);

TEST_P(ServeEchoTest, EchoesFromAllReactors) {
  start();
  std::vector<Peer> peers;
  for (int number = 0; number < 30; ++number) peers.emplace_back(address);
  const std::string text = pattern(10000);
  for (int time = 0; time < 3; ++time) {
    for (Peer& peer : peers) peer.send(text);
    for (Peer& peer : peers) EXPECT_TRUE(peer.receive(text.size()) == text);
  }
}

TEST_P(ServeEchoTest, ClientsAreSpreadOverTheThreads) {
  options.stop_word = "who";
  start();
  const auto threads = ask(60);
  // By the kernel's hash of the address on internet sockets, so all but surely; in turn elsewhere.
  ASSERT_EQ(threads.size(), kReactors);
  if (GetParam().internet()) return;
  for (const auto& [id, count] : threads) EXPECT_EQ(count, 60 / kReactors);
}

TEST_P(ServeEchoTest, OneReactorServesAll) {
  options.stop_word = "who";
  start(1);
  EXPECT_EQ(ask(10).size(), 1U);
}

TEST_P(ServeEchoTest, FinishingEndsAllReactors) {
  start();
  std::vector<Peer> peers;
  for (int number = 0; number < 12; ++number) {
    peers.emplace_back(address);
    peers.back().send("last");
    EXPECT_EQ(peers.back().receive(4), "last");
  }
  group->finish(10s);
  for (Peer& peer : peers) {
    EXPECT_EQ(peer.receive_all(), "") << "an end of file, no reset";
    peer.close();
  }
}

TEST_P(ServeEchoTest, FinishesWithoutAnyClient) {
  start();
  group->finish(10s);
}

}  // namespace
}  // namespace bunshin::testing
