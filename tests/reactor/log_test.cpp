#include "reactor/log.h"

#include <gtest/gtest.h>

#include <new>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/captured_log.h"

namespace bunshin::testing {

/// Can not be put into words.
struct Unspeakable {};

}  // namespace bunshin::testing

template <>
struct fmt::formatter<bunshin::testing::Unspeakable> : fmt::formatter<std::string_view> {
  static fmt::format_context::iterator format(bunshin::testing::Unspeakable, fmt::format_context&) {
    throw std::bad_alloc();
  }
};

namespace bunshin::testing {
namespace {

class LogTest : public ::testing::Test {
 protected:
  ~LogTest() override { set_log_level(LogLevel::info); }
};

TEST_F(LogTest, TheSinkGetsTheLineWithoutItsEnd) {
  const CapturedLog captured;
  log(LogLevel::warning, "{} of {}", 3, "four");
  EXPECT_EQ(captured.lines(), std::vector<std::string>{"3 of four"});
}

TEST_F(LogTest, LinesBelowTheLevelAreNotFormatted) {
  struct Expensive {
    static std::string text() {
      ADD_FAILURE() << "formatted in vain";
      return {};
    }
  };
  const CapturedLog captured;
  EXPECT_FALSE(log_enabled(LogLevel::debug));
  if (log_enabled(LogLevel::debug)) log(LogLevel::debug, "{}", Expensive::text());
  log(LogLevel::debug, "dropped");
  EXPECT_TRUE(captured.lines().empty());
  set_log_level(LogLevel::debug);
  log(LogLevel::debug, "kept");
  EXPECT_EQ(captured.count("kept"), 1U);
}

TEST_F(LogTest, SettingASinkReturnsTheOneBefore) {
  std::string first;
  std::string second;
  const LogSink original = set_log_sink([&](LogLevel, std::string_view line) { first += line; });
  const LogSink before = set_log_sink([&](LogLevel, std::string_view line) { second += line; });
  log(LogLevel::error, "b");
  set_log_sink(before);
  log(LogLevel::error, "a");
  set_log_sink(original);
  EXPECT_EQ(first, "a");
  EXPECT_EQ(second, "b");
}

TEST_F(LogTest, NoSinkMeansStandardError) {
  const LogSink before = set_log_sink(nullptr);
  ::testing::internal::CaptureStderr();
  log(LogLevel::warning, "to the user");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "bunshin: to the user\n");
  set_log_sink(before);
}

TEST_F(LogTest, NothingThatLogsThrows) {
  const std::uint64_t before = log_lines_lost();
  log(LogLevel::error, "{}", Unspeakable{});
  EXPECT_EQ(log_lines_lost(), before + 1);
  const LogSink sink = set_log_sink([](LogLevel, std::string_view) { throw 1; });
  log(LogLevel::error, "not taken");
  set_log_sink(sink);
  EXPECT_EQ(log_lines_lost(), before + 2);
}

TEST_F(LogTest, NamesAClass) {
  const CapturedLog captured;
  log(LogLevel::error, "{} is here", class_name(typeid(LogSink)));
  EXPECT_EQ(captured.lines(),
            std::vector<std::string>{class_name(typeid(LogSink)).text() + " is here"});
  EXPECT_EQ(class_name(typeid(CapturedLog)).text(), "bunshin::testing::CapturedLog");
}

TEST_F(LogTest, ManyThreadsMayLog) {
  const CapturedLog captured;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([] {
      for (int line = 0; line < 100; ++line) log(LogLevel::info, "one of many");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(captured.count("one of many"), 400U);
}

}  // namespace
}  // namespace bunshin::testing
