#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/medium.h"

namespace bunshin {

/// Tells two users of one descriptor number apart. Never 0 for a live registration.
using Generation = std::uint32_t;

/// Readiness, in our own bits; an engine translates, no system constant leaves it. The lower five
/// are what poll(2) and epoll(7) use on Linux, so that translating costs those engines nothing.
namespace ready {
enum : std::uint8_t {
  readable = 0x01,
  urgent = 0x02,  ///< out-of-band data: handle_expt
  writable = 0x04,
  failed = 0x08,     ///< an error is pending (SO_ERROR)
  hung_up = 0x10,    ///< both directions are gone
  peer_ended = 0x20  ///< the peer shut down its sending side
};
}  // namespace ready

/// How a registration is served. The first is what servers want; the others are there because
/// lessons and studies compare them, and `level` because foreign libraries need it.
enum class Model : std::uint8_t {
  remembered,  ///< edge-triggered; the reactor remembers readiness until an operation exhausts it
  drain,       ///< the same, but only EAGAIN counts as exhausted, never a short read
  level        ///< level-triggered; interest is changed by system calls
};

/// What a descriptor is. Decides which system calls serve it and when a short read means
/// "exhausted".
enum class Kind : std::uint8_t {
  inet_stream,  ///< a connected or connecting TCP socket
  unix_stream,  ///< a connected or connecting unix stream socket
  listener,     ///< a listening socket
  file          ///< a tty, a pipe, or another thing served by read(2) and write(2)
};

struct Event {
  int fd;
  Generation generation;
  std::uint8_t bits;  ///< of `ready`
};

/// Who is ready: the seam between the reactor and what waits. One engine, one file, no policy in
/// it. (How bytes go through a descriptor is a Medium's.)
///
/// Contract. An engine belongs to one reactor and is called from its thread; only wake() may be
/// called from any thread. Descriptors are named with a generation that comes back in every event;
/// the engine never looks at it. Read and write readiness of one descriptor found by one wait()
/// come merged in one event. Events may be spurious; hung_up, failed and peer_ended are hints that
/// a read will tell more. A descriptor of the models `remembered` and `drain` is added once for
/// everything and reports an edge; what it reported it may report again only after new activity or
/// after rearm(). A `level` one reports only the interest last set, as long as it lasts.
/// Throwing: the constructor and add() throw std::system_error; wait() throws it when the kernel
/// refuses to wait, never for EINTR and never because the kernel lacks memory just now.
class Engine {
 public:
  using Timeout = std::chrono::nanoseconds;
  static constexpr Timeout kForever = Timeout::max();

  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Starts to watch `fd`. `interest` (readable, writable, urgent) counts for `level`; of others it
  /// tells only whether a stream is still connecting (writable) or stands (readable).
  virtual void add(int fd, Generation generation, Kind kind, Model model,
                   std::uint8_t interest) = 0;
  /// Changes the interest of a `level` descriptor.
  virtual void modify(int fd, Generation generation, std::uint8_t interest) = 0;
  /// Stops watching. To be called before close(2): a dup(2) would keep the registration alive.
  virtual void remove(int fd) noexcept = 0;
  /// An operation found `fd` exhausted for `bits`: report the next readiness. Called only when
  /// needs_rearm() says so: edge-triggered kernels need no telling.
  virtual void rearm(int /*fd*/, std::uint8_t /*bits*/) noexcept {}
  [[nodiscard]] virtual bool needs_rearm() const { return false; }

  /// Waits until something is ready, wake() was called, or `timeout` has passed (rounded up, never
  /// short; 0 polls). Fills `events` from the front and returns how many. 0 after EINTR.
  virtual std::size_t wait(Timeout timeout, std::span<Event> events) = 0;
  /// Ends a wait() that runs, or else the next one. Any thread.
  virtual void wake() noexcept = 0;

  /// What does the operations of `kind` instead of reporting readiness (io_uring does; registered
  /// with Model::remembered only), or null: plain system calls do. remove() leaves such a
  /// descriptor alone: its end is the medium's close().
  [[nodiscard]] virtual Medium* carries(Kind /*kind*/) { return nullptr; }

 protected:
  /// What wait() returns when waiting failed with `error`: nothing after EINTR, nor, after a sleep
  /// of at most 10 ms, when the kernel lacks memory, which is logged. Throws for any other.
  std::size_t wait_failed(int error, Timeout timeout);
  /// Logs that the kernel lacks memory for what is tried again, every ten seconds at most.
  void tell_lack(int error) noexcept;

 private:
  std::chrono::steady_clock::time_point lack_logged_{};
};

/// What an engine that receives by itself sets aside for it.
struct EngineOptions {
  unsigned receive_buffers = 256;  ///< a power of two, at most 32768
  unsigned receive_buffer_bytes = 16 * 1024;
  /// io_uring: so many operations go to the kernel with one system call; at most 2048. Each locks
  /// 330 bytes of memory (RLIMIT_MEMLOCK).
  unsigned ring_entries = 256;
};

/// The engines this program was built with, the best first.
std::vector<std::string> engine_names();
/// Nothing when `name` works on this machine; else the reason, in a sentence. Makes a very small
/// one to find out: a large one may still find too little memory.
std::string why_not(const std::string& name);
/// Makes the engine called `name`. "auto" takes the first that works here, and logs when that is
/// not the very first; any other name that can not be had throws std::system_error with the reason
/// and the names of those that can.
std::unique_ptr<Engine> make_engine(const std::string& name, const EngineOptions& options = {});

}  // namespace bunshin
