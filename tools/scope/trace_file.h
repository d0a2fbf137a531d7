#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "reactor/unique_fd.h"

namespace bunshin {

/// A trace file that grows while a loop runs, written by a thread of its own: whoever gives it
/// something never waits for a disk. Beyond its limit the oldest is dropped, whole pieces of it;
/// the file is valid at all times, but for the "]" at its end. When it can not be written, tracing
/// ends, and the log says so.
class TraceFile {
 public:
  /// What happened in a round, or some. Entries are JSON objects, a comma and a line end before
  /// each.
  struct Piece {
    std::string entries;
    /// Entries that introduce a handler, by its number, and handlers that have gone: what a reader
    /// has to know when this piece has been dropped.
    std::vector<std::pair<std::uint64_t, std::string>> opened;
    std::vector<std::uint64_t> closed;
  };

  /// Opens `path`, what it held is gone. `limit`: in bytes; a pipe or a device has none. `head`:
  /// the entries that stand at the beginning, always. Throws std::system_error.
  TraceFile(const std::string& path, std::size_t limit, std::string head);
  /// Writes what is left.
  ~TraceFile();
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;

  /// False, and nothing is taken, when so much waits already that the disk does not keep up, or
  /// when tracing has ended.
  bool give(Piece piece);
  /// Whether it could not be written.
  [[nodiscard]] bool failed() const;

 private:
  void run();
  void write(Piece piece);
  void append(std::string_view text);
  void drop_oldest();
  void fail(int error);

  const std::string path_;
  const std::size_t limit_;  // 0: none
  const std::string head_;

  // Shared.
  mutable std::mutex mutex_;
  std::condition_variable given_;
  std::deque<Piece> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool ending_ = false;
  bool failed_ = false;

  // The writing thread's.
  UniqueFd file_;
  std::size_t size_ = 0;
  struct Written {
    std::size_t begin;  // in the file
    std::vector<std::pair<std::uint64_t, std::string>> opened;
    std::vector<std::uint64_t> closed;
  };
  std::deque<Written> written_;
  std::map<std::uint64_t, std::string> there_;  // before the first of them

  std::thread thread_;  // the last: begins when the others are there
};

}  // namespace bunshin
