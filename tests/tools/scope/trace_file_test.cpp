#include "tools/scope/trace_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tests/support/captured_log.h"
#include "tests/support/files.h"
#include "tools/scope/trace_check.h"
#include "tools/scope/trace_reader.h"

namespace bunshin::testing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kHead = R"({"ph":"M","name":"process_name","pid":1,"tid":0,"args":{}})";

/// A piece with an entry that has `text` in its name.
TraceFile::Piece piece(const std::string& text) {
  TraceFile::Piece piece;
  piece.entries =
      ",\n" + json{{"ph", "i"}, {"name", text}, {"pid", 1}, {"tid", 0}, {"ts", 1}}.dump();
  return piece;
}

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The names of the entries, the first word of each.
std::vector<std::string> names(const std::string& path) {
  std::vector<std::string> names;
  EXPECT_THAT(read_trace(path,
                         [&](const json& entry) {
                           std::string name = entry.at("name");
                           names.push_back(name.substr(0, name.find(' ')));
                         }),
              IsEmpty());
  return names;
}

TEST(TraceFile, IsWholeWhenItEnds) {
  const std::string path = fresh_path("trace");
  {
    TraceFile file(path, 0, kHead);
    EXPECT_TRUE(file.give(piece("one")));
    EXPECT_TRUE(file.give(piece("two")));
  }
  EXPECT_THAT(names(path), ElementsAre("process_name", "one", "two"));
  EXPECT_THAT(content(path), EndsWith("\n]\n"));
}

TEST(TraceFile, IsWrittenWhileItGoesOn) {
  const std::string path = fresh_path("trace");
  TraceFile file(path, 0, kHead);
  file.give(piece("one"));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (content(path).find("one") == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), until);
    std::this_thread::yield();
  }
}

TEST(TraceFile, DropsTheOldestButKeepsWhoIsThere) {
  const std::string path = fresh_path("trace");
  constexpr std::size_t kLimit = 20'000;
  {
    TraceFile file(path, kLimit, kHead);
    TraceFile::Piece stays = piece("stays");
    stays.opened.emplace_back(1, piece("handler-that-stays").entries);
    file.give(std::move(stays));
    TraceFile::Piece goes = piece("goes");
    goes.opened.emplace_back(2, piece("handler-that-goes").entries);
    file.give(std::move(goes));
    TraceFile::Piece gone = piece("gone");
    gone.closed.push_back(2);
    file.give(std::move(gone));
    for (int count = 0; count < 500; ++count) {
      file.give(piece(std::to_string(count) + " " + std::string(100, 'x')));
    }
  }
  EXPECT_LE(std::filesystem::file_size(path), kLimit + 1000);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  const auto left = names(path);
  ASSERT_GT(left.size(), 20U);
  EXPECT_EQ(left[0], "process_name");
  EXPECT_EQ(left[1], "handler-that-stays");
  EXPECT_EQ(left.back(), "499");
  for (std::size_t index = 2; index + 1 < left.size(); ++index) {
    EXPECT_EQ(std::stoi(left[index]) + 1, std::stoi(left[index + 1]));
  }
}

TEST(TraceFile, AFullDiskEndsTracingWithOneLine) {
  CapturedLog log;
  {
    TraceFile file("/dev/full", 0, kHead);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!file.failed()) {
      ASSERT_LT(std::chrono::steady_clock::now(), until);
      std::this_thread::yield();
    }
    EXPECT_FALSE(file.give(piece("one")));
  }  // its thread, which tells, has ended
  EXPECT_THAT(log.lines(),
              ElementsAre("tracing ends: cannot write /dev/full: No space left on device"));
}

TEST(TraceFile, AFileThatMayNotGrowEndsTracingWithOneLine) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{4096, before.rlim_max};
  CapturedLog log;
  const std::string path = fresh_path("trace");
  {
    TraceFile file(path, 0, kHead);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int count = 0; count < 100; ++count) file.give(piece(std::string(100, 'x')));
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_EQ(log.lines().size(), 1U);
  EXPECT_THAT(log.lines()[0],
              StartsWith("tracing ends: cannot write " + path + ": File too large"));
}

TEST(TraceFile, WhereItCanNotBeWrittenIsSaidAtOnce) {
  EXPECT_THROW(TraceFile("/nowhere/trace", 0, kHead), std::system_error);
  EXPECT_THROW(TraceFile("/", 0, kHead), std::system_error);
}

TEST(TraceFile, MoreThanADiskKeepsUpWithIsNotTaken) {
  const std::string path = fresh_path("pipe");
  std::signal(SIGPIPE, SIG_IGN);  // as every Reactor does
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  TraceFile file(path, 0, kHead);
  bool refused = false;
  for (int count = 0; count < 100 && !refused; ++count) {
    refused = !file.give(piece(std::string(1'000'000, 'x')));
  }
  reader.reset();  // the writer is not waiting for it any more
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace bunshin::testing
