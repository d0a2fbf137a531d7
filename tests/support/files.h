#pragma once

#include <string>
#include <string_view>

#include "reactor/unique_fd.h"

namespace bunshin::testing {

/// A path that does not exist, in a folder that is removed when the program ends.
std::string fresh_path(std::string_view name);

/// Makes a file that holds `content` and returns its path.
std::string make_file(std::string_view content);

/// A file of tests/fixtures by its name there, and what it holds.
std::string fixture_path(std::string_view name);
std::string read_fixture(std::string_view name);

/// A pseudo-terminal, raw (VMIN=1, VTIME=0), both sides open and blocking.
struct Pty {
  UniqueFd master;
  UniqueFd slave;
  std::string slave_path;
  /// Opens the slave once more.
  [[nodiscard]] UniqueFd open_slave() const;
};
Pty make_pty();
void set_min_bytes(int tty, unsigned char count);  ///< VMIN
void set_canonical(int tty);

/// A pipe, both ends blocking.
struct BlockingPipe {
  UniqueFd read;
  UniqueFd write;
};
BlockingPipe make_blocking_pipe();

/// write(2) and read(2) that fail the test instead of returning errors or waiting for more than
/// five seconds. The second returns what one read gave: nothing at the end.
void write_all(int fd, std::string_view data);
std::string read_some(int fd);
std::string read_exactly(int fd, std::size_t size);
/// What can be read without waiting; how much can be written.
std::string read_now(int fd);
std::size_t write_now(int fd, std::string_view data);

bool is_nonblocking(int fd);
bool is_open(int fd);

}  // namespace bunshin::testing
