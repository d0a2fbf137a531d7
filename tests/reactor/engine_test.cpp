#include "reactor/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <system_error>
#include <thread>

#include "reactor/reactor.h"
#include "tests/support/captured_log.h"
#include "tests/support/engines.h"
#include "tests/support/files.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::string error_of(const std::string& engine) {
  try {
    make_engine(engine);
    return "no error";
  } catch (const std::system_error& error) {
    return error.what();
  }
}

TEST(EngineTest, ThereIsOneThatWorks) { EXPECT_FALSE(engines().empty()); }

/// Where an engine cannot run, its cases are not there to fail. Whoever accepts that says so.
TEST(EngineTest, EveryEngineThatWasBuiltIsTested) {
  const char* const accepted = std::getenv("BUNSHIN_UNTESTED_ENGINES");
  for (const std::string& name : engine_names()) {
    if (std::find(engines().begin(), engines().end(), name) != engines().end()) continue;
    EXPECT_THAT(accepted == nullptr ? "" : accepted, HasSubstr(name))
        << "NOT TESTED: the engine " << name << " does not run here: " << error_of(name)
        << "\n(BUNSHIN_UNTESTED_ENGINES=" << name << " lets the tests pass without it.)";
  }
}

TEST(EngineTest, AnUnknownNameIsAnErrorThatNamesThoseThatWork) {
  const std::string error = error_of("epol");
  EXPECT_THAT(error, HasSubstr("\"epol\""));
  EXPECT_THAT(error, HasSubstr("no engine of that name"));
  for (const std::string& name : engines()) EXPECT_THAT(error, HasSubstr(name));
  EXPECT_THAT(error, Not(HasSubstr("\n")));
  EXPECT_EQ(why_not("epol"), "there is no engine of that name");
}

TEST(EngineTest, WhatThePlatformLacksSaysWhatItNeeds) {
  const auto built = engine_names();
  for (const std::string name : {"epoll", "kqueue", "io_uring", "poll"}) {
    if (std::find(built.begin(), built.end(), name) != built.end()) continue;
    EXPECT_THAT(error_of(name), HasSubstr("it needs "));
    EXPECT_THAT(why_not(name), HasSubstr("it needs "));
  }
}

TEST(EngineTest, AutoTakesTheFirstThatWorksAndIsSilentWhenThatIsTheBest) {
  const CapturedLog log;
  const auto engine = make_engine("auto");
  EXPECT_EQ(engine->name(), engines().front());
  const bool best = engines().front() == engine_names().front();
  EXPECT_EQ(log.lines().size(), best ? 0U : 1U);
}

TEST(EngineTest, AReactorTakesTheNameFromItsOptionsThenTheEnvironment) {
  const std::string last = engines().back();
  ::setenv("BUNSHIN_ENGINE", last.c_str(), 1);
  EXPECT_EQ(Reactor().engine_name(), last);
  const std::string first = engines().front();
  EXPECT_EQ(Reactor({.engine = first}).engine_name(), first);
  ::setenv("BUNSHIN_ENGINE", "nonsense", 1);
  EXPECT_THROW(Reactor(), std::system_error);
  EXPECT_NO_THROW(Reactor({.engine = "auto"}));
  ::setenv("BUNSHIN_ENGINE", "", 1);
  EXPECT_NO_THROW(Reactor());
  ::unsetenv("BUNSHIN_ENGINE");
}

/// The contract of engine.h, for each of them.
class EngineContract : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Engine> engine = make_engine(GetParam());
  std::array<Event, 8> events{};

  /// One wait that nothing may end before its time, but for a signal.
  void wait_long(const char* otherwise, Engine::Timeout timeout = 5ms) {
    Clock::duration waited{};
    for (errno = EINTR; errno == EINTR;) {
      errno = 0;
      const auto before = Clock::now();
      EXPECT_EQ(engine->wait(timeout, events), 0U);
      waited = Clock::now() - before;
    }
    EXPECT_GE(waited, timeout) << otherwise;
  }
};
BUNSHIN_EVERY_ENGINE(EngineContract);

TEST_P(EngineContract, KnowsItsName) { EXPECT_EQ(engine->name(), GetParam()); }

TEST_P(EngineContract, AWaitIsNeverShort) {
  for (const auto timeout : {100us, 1700us, 12345us}) wait_long("too early", timeout);
}

TEST_P(EngineContract, AWaitOfNothingPolls) { EXPECT_EQ(engine->wait(0ns, events), 0U); }

TEST_P(EngineContract, AWakeEndsTheNextWait) {
  engine->wake();
  engine->wake();
  EXPECT_EQ(engine->wait(Engine::kForever, events), 0U);
  wait_long("two wakes ended two waits");
}

TEST_P(EngineContract, AWakeFromAnotherThreadEndsTheWait) {
  std::thread other([this] { engine->wake(); });
  EXPECT_EQ(engine->wait(Engine::kForever, events), 0U);
  other.join();
}

TEST_P(EngineContract, AWaitThatLacksMemoryIsTriedAgain) {
  const CapturedLog log;
  const std::map<std::string, Call> waits = {
      {"epoll", Call::wait}, {"poll", Call::poll}, {"io_uring", Call::enter}};
  BlockingPipe pipe = make_blocking_pipe();
  engine->add(pipe.read.get(), 77, Kind::file, Model::drain, 0);
  write_all(pipe.write.get(), "x");
  const auto wait = waits.find(GetParam());
  if (wait != waits.end()) {
    for (const int error : {ENOMEM, EAGAIN}) {
      fail_next(wait->second, error, 2);
      for (int times = 0; times < 2; ++times) EXPECT_EQ(engine->wait(5s, events), 0U);
      EXPECT_EQ(failures_left(wait->second), 0U);
    }
    EXPECT_EQ(log.count("trying again"), 1U);
  }
  ASSERT_EQ(engine->wait(5s, events), 1U);
  EXPECT_EQ(events[0].generation, 77U);
  engine->remove(pipe.read.get());
}

TEST_P(EngineContract, AnEdgeIsReportedOnceWithItsGeneration) {
  BlockingPipe pipe = make_blocking_pipe();
  engine->add(pipe.read.get(), 77, Kind::file, Model::drain, 0);
  write_all(pipe.write.get(), "x");
  ASSERT_EQ(engine->wait(5s, events), 1U);
  EXPECT_EQ(events[0].fd, pipe.read.get());
  EXPECT_EQ(events[0].generation, 77U);
  EXPECT_EQ(events[0].bits & ready::readable, ready::readable);
  EXPECT_EQ(engine->wait(5ms, events), 0U) << "nothing new happened";
  EXPECT_EQ(read_some(pipe.read.get()), "x");
  if (engine->needs_rearm()) engine->rearm(pipe.read.get(), ready::readable);
  EXPECT_EQ(engine->wait(5ms, events), 0U);
  write_all(pipe.write.get(), "y");
  EXPECT_EQ(engine->wait(5s, events), 1U);
  engine->remove(pipe.read.get());
}

TEST_P(EngineContract, ALevelIsReportedAsLongAsItLastsAndOnlyIfAskedFor) {
  BlockingPipe pipe = make_blocking_pipe();
  engine->add(pipe.read.get(), 5, Kind::file, Model::level, ready::readable);
  write_all(pipe.write.get(), "x");
  for (int round = 0; round < 3; ++round) ASSERT_EQ(engine->wait(5s, events), 1U);
  engine->modify(pipe.read.get(), 5, 0);
  EXPECT_EQ(engine->wait(5ms, events), 0U);
  engine->modify(pipe.read.get(), 5, ready::readable);
  EXPECT_EQ(engine->wait(5s, events), 1U);
  EXPECT_EQ(read_some(pipe.read.get()), "x");
  EXPECT_EQ(engine->wait(5ms, events), 0U);
  engine->remove(pipe.read.get());
}

TEST_P(EngineContract, WhatWasRemovedIsSilent) {
  BlockingPipe pipe = make_blocking_pipe();
  engine->add(pipe.read.get(), 5, Kind::file, Model::drain, 0);
  write_all(pipe.write.get(), "x");
  engine->remove(pipe.read.get());
  EXPECT_EQ(engine->wait(5ms, events), 0U);
  engine->add(pipe.read.get(), 6, Kind::file, Model::drain, 0);
  ASSERT_EQ(engine->wait(5s, events), 1U) << "what was ready before it was added is an edge";
  EXPECT_EQ(events[0].generation, 6U);
  engine->remove(pipe.read.get());
}

TEST_P(EngineContract, ReportsNoMoreThanThereIsRoomForAndTheRestLater) {
  std::vector<BlockingPipe> pipes;
  for (Generation number = 1; number <= 20; ++number) {
    pipes.push_back(make_blocking_pipe());
    engine->add(pipes.back().read.get(), number, Kind::file, Model::drain, 0);
    write_all(pipes.back().write.get(), "x");
  }
  std::vector<bool> seen(21);
  for (int round = 0; round < 20; ++round) {
    const std::size_t count = engine->wait(0ns, events);
    ASSERT_LE(count, events.size());
    for (std::size_t index = 0; index < count; ++index) seen[events[index].generation] = true;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 20);
  for (const BlockingPipe& pipe : pipes) engine->remove(pipe.read.get());
}

// Sandboxes older than the call refuse it with EPERM.
TEST(EpollEngine, WaitsWhereEpollPwait2IsForbidden) {
  const auto engine = make_engine("epoll");
  std::array<Event, 8> events{};
  fail_next(Call::wait, EPERM);
  // Who freezes the processes of a container for a moment ends a wait early, as a signal does.
  const auto waits_whole = [&] {
    const auto before = Clock::now();
    EXPECT_EQ(engine->wait(5ms, events), 0U);
    return Clock::now() - before >= 5ms;
  };
  EXPECT_TRUE(waits_whole() || waits_whole() || waits_whole());
  EXPECT_EQ(failures_left(Call::wait), 0U);
}

TEST(EngineFiles, OnlyAnEngineIncludesItsSystemHeader) {
  const std::pair<std::string, std::string> owners[] = {
      {"<sys/epoll.h>", "reactor/epoll_engine.cpp"},
      {"<sys/event.h>", "reactor/kqueue_engine.cpp"},
      {"<liburing.h>", "reactor/uring_"}};
  const std::filesystem::path root = BUNSHIN_SOURCE_DIR;
  std::size_t files = 0;
  for (const std::string room : {"reactor", "handlers", "bridge", "tools", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / room)) {
      const std::string path = entry.path().lexically_relative(root).string();
      // The stand-in for a kernel, what asks it, and what fails in its place.
      if (path.starts_with("tests/kqueue_") || path.starts_with("tests/faults/")) continue;
      if (!entry.is_regular_file()) continue;
      if (!path.ends_with(".h") && !path.ends_with(".cpp")) continue;
      ++files;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        if (line.find("#include") != 0) continue;
        for (const auto& [header, owner] : owners) {
          if (line.find(header) == line.npos) continue;
          EXPECT_TRUE(path.starts_with(owner)) << path << " includes " << header;
        }
      }
    }
  }
  EXPECT_GT(files, 40U) << "looked in the wrong place";
}

}  // namespace
}  // namespace bunshin::testing
