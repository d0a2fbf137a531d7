#include "reactor/path_watch.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/files.h"

namespace bunshin::testing {
namespace {

#ifdef __linux__

namespace fs = std::filesystem;

/// A directory of its own, removed with what is in it.
class PathWatch : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directory(root); }
  ~PathWatch() override { fs::remove_all(root); }
  void touch(const std::string& path) { std::ofstream(path) << "x"; }
  /// Whether it has something to say; what that was is read.
  static bool told(const UniqueFd& watch) {
    pollfd entry{watch.get(), POLLIN, 0};
    if (::poll(&entry, 1, 0) != 1) return false;
    char bytes[4096];
    return ::read(watch.get(), bytes, sizeof bytes) > 0;
  }

  const std::string root = fresh_path("watched");
};

TEST_F(PathWatch, TellsThatTheNameComes) {
  const UniqueFd watch = watch_path(root + "/tty");
  ASSERT_TRUE(watch);
  EXPECT_FALSE(told(watch));
  touch(root + "/tty");
  EXPECT_TRUE(told(watch));
}

// udev makes the node first, and then lets the group open it.
TEST_F(PathWatch, TellsThatAModeChanges) {
  touch(root + "/tty");
  const UniqueFd watch = watch_path(root + "/tty");
  ASSERT_EQ(::chmod((root + "/tty").c_str(), 0600), 0);
  EXPECT_TRUE(told(watch));
}

// /dev/serial/by-id is there only while something is plugged in.
TEST_F(PathWatch, TellsThatADirectoryOnTheWayComes) {
  UniqueFd watch = watch_path(root + "/serial/by-id/robot");
  ASSERT_TRUE(watch);
  fs::create_directory(root + "/serial");
  EXPECT_TRUE(told(watch));
  watch = watch_path(root + "/serial/by-id/robot");
  fs::create_directory(root + "/serial/by-id");
  EXPECT_TRUE(told(watch));
  watch = watch_path(root + "/serial/by-id/robot");
  touch(root + "/serial/by-id/robot");
  EXPECT_TRUE(told(watch));
}

TEST_F(PathWatch, FollowsLinks) {
  fs::create_directory(root + "/by-id");
  fs::create_directory(root + "/dev");
  fs::create_symlink("../dev/ttyUSB0", root + "/by-id/robot");
  const UniqueFd watch = watch_path(root + "/by-id/robot");
  touch(root + "/dev/ttyUSB0");
  EXPECT_TRUE(told(watch));
}

TEST_F(PathWatch, LinksThatLeadInACircleEnd) {
  fs::create_symlink("b", root + "/a");
  fs::create_symlink("a", root + "/b");
  EXPECT_TRUE(watch_path(root + "/a"));
}

TEST_F(PathWatch, NamesOfAllKinds) {
  for (const char* path : {"", "/", "tty", "/tty", "//", "no/such/thing"}) {
    EXPECT_TRUE(watch_path(path)) << path;
  }
}

#endif

}  // namespace
}  // namespace bunshin::testing
