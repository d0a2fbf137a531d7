#include "reactor/post_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace bunshin::testing {
namespace {

class PostQueueTest : public ::testing::Test {
 protected:
  std::atomic<int> wakes{0};
  PostQueue queue{[this] { ++wakes; }};
  std::vector<PostQueue::Function> taken;

  int run_taken() {
    queue.take(taken);
    for (auto& function : taken) function();
    return static_cast<int>(taken.size());
  }
};

TEST_F(PostQueueTest, GivesBackInTheOrderOfPosting) {
  std::vector<int> order;
  for (int number = 0; number < 5; ++number) {
    EXPECT_TRUE(queue.post([&order, number] { order.push_back(number); }));
  }
  EXPECT_TRUE(queue.posted());
  run_taken();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_FALSE(queue.posted());
  EXPECT_EQ(run_taken(), 0);
}

TEST_F(PostQueueTest, OneWakeForManyUntilTheyAreTaken) {
  for (int number = 0; number < 100; ++number) queue.post([] {});
  EXPECT_EQ(wakes, 1);
  run_taken();
  queue.post([] {});
  EXPECT_EQ(wakes, 2);
}

TEST_F(PostQueueTest, PostingFromAPostedFunctionIsForTheNextTake) {
  queue.post([this] { queue.post([] {}); });
  EXPECT_EQ(run_taken(), 1);
  EXPECT_TRUE(queue.posted());
  EXPECT_EQ(run_taken(), 1);
}

TEST_F(PostQueueTest, ClosedItTakesNothingAndDropsWhatItHeld) {
  const auto token = std::make_shared<int>(1);
  queue.post([token] { FAIL() << "ran after close"; });
  queue.close();
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_FALSE(queue.posted());
  EXPECT_FALSE(queue.post([token] {}));
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(run_taken(), 0);
}

TEST_F(PostQueueTest, DroppingMayPostAgain) {
  struct PostsWhenDestroyed {
    PostQueue* queue;
    ~PostsWhenDestroyed() {
      queue->post([] {});
    }
  };
  queue.post([poster = std::make_shared<PostsWhenDestroyed>(PostsWhenDestroyed{&queue})] {});
  queue.close();  // would wait for itself if functions were destroyed under the lock
  SUCCEED();
}

TEST_F(PostQueueTest, ReopenedItTakesAgain) {
  queue.close();
  queue.reopen();
  EXPECT_TRUE(queue.post([] {}));
  EXPECT_EQ(run_taken(), 1);
}

TEST_F(PostQueueTest, FromManyThreadsNoneIsLost) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  std::atomic<int> ran{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int number = 0; number < kEach; ++number) queue.post([&ran] { ++ran; });
    });
  }
  int rounds_with_work = 0;
  while (ran < kThreads * kEach) rounds_with_work += run_taken() > 0 ? 1 : 0;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ran, kThreads * kEach);
  EXPECT_EQ(wakes, rounds_with_work);
}

}  // namespace
}  // namespace bunshin::testing
