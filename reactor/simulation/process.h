#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "reactor/host.h"
#include "reactor/reactor.h"
#include "reactor/simulation/socket.h"

namespace bunshin::simulation {

class SimulatedEngine;

/// One process of a world: descriptors, and a reactor whose host and media this is.
class Process final : public Host {
 public:
  /// How its engine tells readiness.
  enum class Tells : std::uint8_t {
    edges,  ///< as epoll: an edge, with all that is true by then
    once,   ///< as poll: what is asked for, once, until Engine::rearm
  };
  /// So many descriptors each process may have. Their numbers begin beyond those that the kernel
  /// gives to the program the world lives in, and no two processes have the same.
  static constexpr int kMostDescriptors = 512;
  static constexpr int kFirstDescriptor = 1024;

  Process(World& world, std::string name, std::uint32_t number, Tells tells);
  ~Process();

  /// REQUIRES: it was not killed.
  [[nodiscard]] Reactor& reactor() { return *reactor_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] World& world() const { return world_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }
  /// What left its loop, which has ended then.
  [[nodiscard]] std::exception_ptr failure() const { return failure_; }
  [[nodiscard]] bool over() const { return !reactor_ || failure_ || reactor_->over(); }
  /// Rounds in a row in which nothing moved, no connection and no byte, and after which the loop
  /// did not sleep: one that spins makes many.
  [[nodiscard]] std::uint64_t idle_rounds() const { return idle_rounds_; }
  /// Whether its loop sleeps, for longer than nothing.
  [[nodiscard]] bool asleep() const;

  /// Whether the readiness that its engine told last of `fd` was that of what `fd` refers to now.
  [[nodiscard]] bool meant(int fd) const;
  /// What `fd` refers to; none when it is not open.
  [[nodiscard]] const std::shared_ptr<Node>& at(int fd) const;
  [[nodiscard]] UniqueFd open(std::shared_ptr<Node> node);
  /// Whether it can open nothing more.
  [[nodiscard]] bool full() const;

  // For the world.

  void run_round();
  [[nodiscard]] bool can_run() const;
  /// When it wakes by itself, or may run again.
  [[nodiscard]] TimePoint wakes_at() const;
  void stop_for(Duration time);
  /// Ends it as kill(2) does: its handlers are destroyed, and all that it had open is closed.
  void kill();
  void touched(Node& node);
  int close(int fd);

  // Host

  TimePoint now() noexcept override;
  std::time_t date() noexcept override;
  std::uint32_t random() override { return ++random_ * 2654435761U; }
  Medium& medium(Sort sort) noexcept override;
  UniqueFd make_stream_socket(int family) override;
  int set_option(int fd, SocketOption option) noexcept override;
  int bind(int fd, const SocketAddress& address) noexcept override;
  int listen(int fd, int backlog) noexcept override;
  int connect(int fd, const SocketAddress& address) noexcept override;
  int take_error(int fd) noexcept override;
  bool listens(int fd) noexcept override;
  SocketAddress local_name(int fd) override;
  SocketAddress peer_name(int fd) override;
  KernelQueues queues(int fd) noexcept override;
  void look_up(const Endpoint& endpoint, std::shared_ptr<PostQueue> posts,
               std::function<void(LookUp)> done) override;
  Nature examine(int fd) override;
  void set_nonblocking(int /*fd*/) override {}
  UniqueFd open_again(int /*fd*/) override { return UniqueFd(); }
  UniqueFd duplicate(int fd) override;
  std::unique_ptr<SerialLine> open_line(const std::string& device,
                                        const LineSettings& settings) override;
  UniqueFd watch_path(const std::string& /*path*/) override { return UniqueFd(); }

 private:
  [[nodiscard]] Socket* socket_at(int fd) const;
  [[nodiscard]] int first() const;

  World& world_;
  const std::string name_;
  const std::uint32_t number_;
  std::vector<std::shared_ptr<Node>> nodes_;  // by descriptor, from first()
  struct Media;
  std::unique_ptr<Media> media_;
  SimulatedEngine* engine_ = nullptr;  // the reactor's
  std::unique_ptr<Reactor> reactor_;
  std::exception_ptr failure_;
  TimePoint stopped_until_{};
  std::uint32_t random_ = 0;
  std::uint64_t idle_rounds_ = 0;
};

}  // namespace bunshin::simulation
