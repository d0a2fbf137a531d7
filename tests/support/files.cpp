#include "tests/support/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "reactor/error.h"

namespace bunshin::testing {

namespace {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "bunshin-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw_error(errno, "cannot make a folder");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (::getpid() == owner_) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  pid_t owner_ = ::getpid();  // a forked child leaves the folder to its parent
};

bool wait_for(int fd, short events) {
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, 5000) == 1;
}

void require(bool sound, const char* what) {
  if (!sound) throw_error(errno, what);
}

}  // namespace

std::string fresh_path(std::string_view name) {
  static const TemporaryFolder folder;
  static std::atomic<int> count{0};
  return folder.path() + "/" + std::string(name) + std::to_string(++count);
}

std::string make_file(std::string_view content) {
  const std::string path = fresh_path("file");
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string fixture_path(std::string_view name) {
  std::string path = BUNSHIN_FIXTURES_DIR "/";
  return path += name;
}

std::string read_fixture(std::string_view name) {
  std::ifstream file(fixture_path(name), std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Pty make_pty() {
  Pty pty;
  pty.master.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  require(pty.master && ::grantpt(pty.master.get()) == 0 && ::unlockpt(pty.master.get()) == 0,
          "cannot make a pseudo-terminal");
  std::array<char, 128> path{};
  require(::ptsname_r(pty.master.get(), path.data(), path.size()) == 0, "ptsname");
  pty.slave_path = path.data();
  pty.slave = pty.open_slave();
  termios settings{};
  require(::tcgetattr(pty.slave.get(), &settings) == 0, "tcgetattr");
  ::cfmakeraw(&settings);
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  require(::tcsetattr(pty.slave.get(), TCSANOW, &settings) == 0, "tcsetattr");
  return pty;
}

UniqueFd Pty::open_slave() const {
  UniqueFd fd(::open(slave_path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  require(static_cast<bool>(fd), "cannot open the slave of a pseudo-terminal");
  return fd;
}

void set_min_bytes(int tty, unsigned char count) {
  termios settings{};
  require(::tcgetattr(tty, &settings) == 0, "tcgetattr");
  settings.c_cc[VMIN] = count;
  require(::tcsetattr(tty, TCSANOW, &settings) == 0, "tcsetattr");
}

void set_canonical(int tty) {
  termios settings{};
  require(::tcgetattr(tty, &settings) == 0, "tcgetattr");
  settings.c_lflag |= ICANON;
  settings.c_cc[VEOF] = 4;
  require(::tcsetattr(tty, TCSANOW, &settings) == 0, "tcsetattr");
}

BlockingPipe make_blocking_pipe() {
  int ends[2];
  require(::pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    ASSERT_TRUE(wait_for(fd, POLLOUT)) << "no room within five seconds";
    const ssize_t count = ::write(fd, data.data(), data.size());
    ASSERT_GT(count, 0) << error_text(errno);
    data.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string read_some(int fd) {
  std::array<char, 65536> buffer{};
  if (!wait_for(fd, POLLIN)) {
    ADD_FAILURE() << "nothing to read within five seconds";
    return {};
  }
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count < 0) ADD_FAILURE() << "read: " << error_text(errno);
  return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : std::string();
}

std::string read_exactly(int fd, std::size_t size) {
  std::string all;
  while (all.size() < size) {
    const std::string some = read_some(fd);
    if (some.empty()) break;
    all += some;
  }
  return all;
}

std::string read_now(int fd) {
  std::string all;
  pollfd entry{fd, POLLIN, 0};
  while (::poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0) {
    const std::string some = read_some(fd);
    if (some.empty()) break;
    all += some;
  }
  return all;
}

std::size_t write_now(int fd, std::string_view data) {
  const int flags = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  const ssize_t count = ::write(fd, data.data(), data.size());
  ::fcntl(fd, F_SETFL, flags);
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

bool is_nonblocking(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace bunshin::testing
