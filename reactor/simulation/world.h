#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "reactor/simulation/draws.h"
#include "reactor/simulation/files.h"
#include "reactor/simulation/process.h"
#include "reactor/simulation/socket.h"
#include "reactor/timers.h"

namespace bunshin::simulation {

/// A network, serial lines, processes and time that exist only in memory. Several processes, each
/// with a reactor of its own, live in it and run the same handlers as in the kernel's world, in one
/// thread. Whatever may happen either way is drawn (see Draws); time moves only when nobody has
/// anything to do. It asks the real world for nothing: no thread, no system call, no clock.
///
/// One a thread at a time: the descriptors that its handlers close are found by their numbers.
class World {
 public:
  /// `draws` outlives it.
  explicit World(Draws& draws);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// A process, which lives as long as the world. `engine`: how its engine tells readiness.
  Process& start(std::string name, Process::Tells tells = Process::Tells::edges);
  /// A serial line to a device, whose side belongs to `process`: the device's descriptor. Others
  /// open it by `path` (Host::open_line).
  UniqueFd make_line(Process& process, const std::string& path);
  /// A descriptor of a regular file.
  UniqueFd make_file(Process& process, std::string content);
  /// What a host name is looked up to; others are not known.
  void set_host(const std::string& name, std::vector<SocketAddress> addresses);

  /// Lets one process run one round, or time pass. False at rest: nobody has anything to do, and
  /// nothing is going to happen.
  bool step();
  /// Steps until `done` says so. False when the world came to rest before, or `rounds` are over.
  bool run(const std::function<bool()>& done, std::uint64_t rounds);

  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] std::uint64_t rounds() const { return rounds_; }
  [[nodiscard]] Draws& draws() { return draws_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Process>>& processes() const {
    return processes_;
  }
  /// Calls `function` when `delay` has passed.
  void after(Duration delay, std::function<void()> function);

  /// Whether a connection was ended by the world, and not by its ends. By its private port.
  [[nodiscard]] bool harmed(const SocketAddress& name) const {
    return harmed_.contains(name.port());
  }
  /// Bytes and connections that were moved by somebody's operation.
  [[nodiscard]] std::uint64_t moved_so_far() const { return moved_; }

  // For the nodes and processes of the world.

  [[nodiscard]] std::uint32_t next_id() { return ++last_id_; }
  void keep(std::shared_ptr<End> end) { ends_.push_back(std::move(end)); }
  void moved(std::size_t bytes) { moved_ += bytes; }
  [[nodiscard]] Duration latency(std::uint32_t object);
  [[nodiscard]] std::size_t capacity(std::uint32_t object);
  void harm(const Socket& socket);
  /// A listener's name, with a port; none when it is taken.
  SocketAddress name(Socket& socket, const SocketAddress& wanted);
  void forget_name(Socket& socket);
  [[nodiscard]] Socket* listener_at(const SocketAddress& address);
  SocketAddress private_name(int family);
  [[nodiscard]] const std::vector<SocketAddress>* host_called(const std::string& name) const;
  /// The computer's side of the line at `path`; none when there is no such line just now.
  std::shared_ptr<Tty> open(Process& process, const std::string& path);
  void unplug(Tty& computer);

 private:
  struct Happening {
    TimePoint time;
    std::uint64_t order;
    std::function<void()> function;
    bool operator<(const Happening& other) const {  // the first is the greatest
      return time != other.time ? time > other.time : order > other.order;
    }
  };
  struct Line {
    std::shared_ptr<Tty> device;
    std::shared_ptr<Tty> computer;
    bool plugged = true;
  };
  void happen();
  bool pass_time();
  Process* choose();

  Draws& draws_;
  TimePoint now_{std::chrono::hours(24)};
  std::uint64_t rounds_ = 0;
  std::uint64_t moved_ = 0;
  std::uint64_t happenings_so_far_ = 0;
  std::uint32_t last_id_ = 0;
  std::uint16_t last_port_ = 40000;
  std::size_t last_run_ = 0;
  std::vector<Happening> happenings_;  // a heap
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<std::shared_ptr<End>> ends_;
  std::map<std::string, Socket*> listeners_;
  std::map<std::string, std::vector<SocketAddress>> hosts_;
  std::map<std::string, Line> lines_;
  std::set<std::uint16_t> harmed_;
};

}  // namespace bunshin::simulation
