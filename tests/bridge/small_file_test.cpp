#include "bridge/small_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/bridge/fixtures.h"

namespace bunshin {
namespace {

using ::testing::EndsWith;

TEST(SmallFile, ReadsEveryByte) {
  testing::TempFolder folder;
  const std::string bytes("a\0b\n", 4);
  const SmallFile file = read_small_file(folder.write("x", bytes), 4);
  EXPECT_EQ(file.text, bytes);
  EXPECT_EQ(file.error, "");
}

TEST(SmallFile, NamesTheFileAndTheReason) {
  testing::TempFolder folder;
  const std::string missing = folder.path("missing");
  EXPECT_EQ(read_small_file(missing, 10).error, missing + ": No such file or directory");
  EXPECT_THAT(read_small_file(folder.path("."), 10).error, EndsWith(": Is a directory"));
}

TEST(SmallFile, DoesNotReadForEver) {
  testing::TempFolder folder;
  EXPECT_EQ(read_small_file("/dev/zero", 10).error, "/dev/zero: not a regular file");
  const std::string fifo = folder.path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(read_small_file(fifo, 10).error, EndsWith(": not a regular file"));
  const SmallFile large = read_small_file(folder.write("x", std::string(11, 'x')), 10);
  EXPECT_THAT(large.error, EndsWith(": larger than 10 bytes"));
  EXPECT_EQ(large.text, "");
}

}  // namespace
}  // namespace bunshin
