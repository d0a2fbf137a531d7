#include "reactor/reactor_group.h"

#include <gmock/gmock.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

class ReactorGroupTest : public ::testing::TestWithParam<std::string> {
 protected:
  static constexpr std::size_t kCount = 3;
  static ReactorOptions options() {
    ReactorOptions options;
    options.engine = GetParam();
    return options;
  }
  /// Nothing waits longer than this.
  void SetUp() override {
    for (std::size_t index = 0; index < group.size(); ++index) {
      group.at(index).call_later(20s, [] { FAIL() << "it was not stopped"; });
    }
  }
  CapturedLog log;
  ReactorGroup group{kCount, options()};
};
BUNSHIN_EVERY_ENGINE(ReactorGroupTest);

TEST_P(ReactorGroupTest, EachReactorHasAThreadAndTheFirstHasTheCallers) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::thread::id first;
  for (std::size_t index = 0; index < kCount; ++index) {
    group.at(index).call_later(0ns, [&, index] {
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
      if (index == 0) first = std::this_thread::get_id();
      if (threads.size() == kCount) group.stop();
    });
  }
  group.run();
  EXPECT_EQ(threads.size(), kCount);
  EXPECT_EQ(first, std::this_thread::get_id());
  EXPECT_EQ(group.at(2).engine_name(), GetParam());
  EXPECT_THROW((void)group.at(kCount), std::out_of_range);
}

TEST_P(ReactorGroupTest, PostsReachEveryReactor) {
  std::atomic<int> rounds{0};
  std::function<void(std::size_t)> pass = [&](std::size_t index) {
    if (++rounds == 300) return group.stop();
    const std::size_t next = (index + 1) % kCount;
    group.at(next).post([&pass, next] { pass(next); });
  };
  group.at(0).call_later(0ns, [&] { pass(0); });
  group.run();
  EXPECT_EQ(rounds, 300);
}

TEST_P(ReactorGroupTest, WhatOneThrowsStopsTheOthersAndLeaves) {
  for (std::size_t thrower = 0; thrower < kCount; ++thrower) {
    ReactorGroup other(kCount, options());
    for (std::size_t index = 0; index < kCount; ++index) other.at(index).keep_running();
    other.at(thrower).call_later(0ns, [] { throw std::runtime_error("oops"); });
    try {
      other.run();
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "oops");
    }
  }
}

TEST_P(ReactorGroupTest, FinishReachesEveryReactor) {
  std::atomic<int> finished{0};
  std::vector<Peer> peers;
  for (std::size_t index = 0; index < kCount; ++index) {
    Connection connection = make_connection(Family::ipv4);
    auto& handler = group.at(index).emplace<TestHandler>();
    handler.on_finish = [&handler, &finished] {
      ++finished;
      handler.close();
    };
    group.at(index).add(handler, std::move(connection.ours), Kind::inet_stream);
    peers.push_back(std::move(connection.peer));
  }
  group.at(1).call_later(1ms, [&] { group.finish(5s); });
  group.run();
  EXPECT_EQ(finished, static_cast<int>(kCount));
  EXPECT_THAT(log.lines(), ::testing::IsEmpty());
}

TEST_P(ReactorGroupTest, StopBeforeRunEndsItAtOnce) {
  group.stop();
  group.run();
}

TEST(ReactorGroup, AnUnknownEngineIsAnError) {
  ReactorOptions options;
  options.engine = "steam";
  EXPECT_THROW(ReactorGroup(2, options), std::system_error);
}

}  // namespace
}  // namespace bunshin::testing
