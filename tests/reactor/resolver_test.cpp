#include "reactor/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "tests/support/fixture.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

/// Holds back whoever looks a name up, until it is opened.
class Gate {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this] { return open_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    condition_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool open_ = false;
};

class ResolverTest : public EngineCase {
 protected:
  std::string reason(const LookUp& found) {
    try {
      if (found.error) std::rethrow_exception(found.error);
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "no error";
  }
};
BUNSHIN_EVERY_ENGINE(ResolverTest);

TEST_P(ResolverTest, ANumericAddressIsAnsweredInALaterRoundWithoutAThread) {
  for (const std::string text : {"127.0.0.1:80", "[::1]:80", "unix:/somewhere"}) {
    LookUp result;
    std::thread::id thread;
    bool answered = false;
    look_up(reactor, Endpoint::parse(text), [&](const LookUp& found) {
      answered = true;
      thread = std::this_thread::get_id();
      result = found;
    });
    EXPECT_FALSE(answered) << "from within the call";
    run_until([&] { return answered; });
    EXPECT_EQ(thread, std::this_thread::get_id());
    ASSERT_EQ(result.addresses.size(), 1U);
    EXPECT_EQ(result.addresses[0].to_string(), text);
    EXPECT_FALSE(result.error);
  }
}

TEST_P(ResolverTest, LocalhostIsFoundAndAnsweredInTheReactorsThread) {
  bool answered = false;
  look_up(reactor, Endpoint::parse("localhost:10500"), [&](const LookUp& found) {
    answered = true;
    EXPECT_FALSE(found.addresses.empty());
    EXPECT_FALSE(found.error);
  });
  run_until([&] { return answered; });
}

TEST_P(ResolverTest, AnUnknownHostGivesASentence) {
  const FakeNames names([](const std::string&) { return ""; });
  std::string why;
  look_up(reactor, Endpoint::parse("nowhere.test:1"),
          [&](const LookUp& found) { why = reason(found); });
  run_until([&] { return !why.empty(); });
  EXPECT_THAT(why, ::testing::HasSubstr("cannot look up nowhere.test:1: "));
}

TEST_P(ResolverTest, ASlowLookUpDoesNotBlockTheLoop) {
  auto gate = std::make_shared<Gate>();
  const FakeNames names([gate](const std::string&) {
    gate->wait();
    return "127.0.0.1";
  });
  bool answered = false;
  look_up(reactor, Endpoint::parse("slow.test:80"), [&](const LookUp& found) {
    answered = true;
    EXPECT_EQ(found.addresses.at(0).to_string(), "127.0.0.1:80");
  });
  int ticks = 0;
  reactor.call_every(1ms, [&] { ++ticks; });
  run_until([&] { return ticks == 10; });
  EXPECT_FALSE(answered);
  gate->open();
  run_until([&] { return answered; });
}

TEST_P(ResolverTest, TheReactorMayGoBeforeTheAnswer) {
  auto gate = std::make_shared<Gate>();
  const FakeNames names([gate](const std::string&) {
    gate->wait();
    return "127.0.0.1";
  });
  const auto token = std::make_shared<int>(0);
  {
    Reactor other({.engine = GetParam()});
    look_up(other, Endpoint::parse("slow.test:80"),
            [token](const LookUp&) { ADD_FAILURE() << "answered after the end"; });
    other.run_once(0ns);
  }
  gate->open();
  const auto end = Clock::now() + 5s;
  while (token.use_count() > 1 && Clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(token.use_count(), 1) << "the function was never destroyed";
}

TEST_P(ResolverTest, BegunBetweenTwoRunsItIsAnsweredInTheSecond) {
  reactor.call_later(0ns, [&] { reactor.stop(); });
  reactor.run();
  bool answered = false;
  look_up(reactor, Endpoint::parse("127.0.0.1:80"), [&](const LookUp&) {
    answered = true;
    reactor.stop();
  });
  reactor.call_later(5s, [&] { reactor.stop(); });
  reactor.run();
  EXPECT_TRUE(answered);
}

TEST_P(ResolverTest, TheEndOfTheProcessDoesNotWaitForIt) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto gate = std::make_shared<Gate>();
    const FakeNames names([gate](const std::string&) {
      gate->wait();  // for ever
      return "";
    });
    Reactor own({.engine = GetParam()});
    look_up(own, Endpoint::parse("slow.test:80"), [](const LookUp&) {});
    own.call_later(1ms, [&own] { own.stop(); });
    own.run();
    std::exit(7);
  }
  int status = 0;
  const auto end = Clock::now() + 10s;
  pid_t done = 0;
  while (done == 0 && Clock::now() < end) {
    done = ::waitpid(child, &status, WNOHANG);
    std::this_thread::sleep_for(1ms);
  }
  if (done == 0) ::kill(child, SIGKILL);
  EXPECT_EQ(done, child) << "it hangs";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

}  // namespace
}  // namespace bunshin::testing
