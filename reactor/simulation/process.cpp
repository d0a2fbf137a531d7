#include "reactor/simulation/process.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "reactor/error.h"
#include "reactor/post_queue.h"
#include "reactor/simulation/engine.h"
#include "reactor/simulation/world.h"

namespace bunshin::simulation {

namespace {

const std::shared_ptr<Node> kNothing;

/// Sockets and ttys: what handlers do with them is done to the nodes.
class SimulatedMedium final : public Medium {
 public:
  enum class Serves : std::uint8_t { sockets, files, regular_files };
  SimulatedMedium(Process& process, Serves serves) : process_(process), serves_(serves) {}

  std::string_view receive(int fd, std::span<char> room, IoResult& result) override {
    End* const end = end_at(fd);
    result = end != nullptr ? end->receive(room) : IoResult{0, IoStatus::failed, EBADF};
    return {room.data(), result.bytes};
  }
  IoResult send(int fd, std::string_view data) override {
    End* const end = end_at(fd);
    return end != nullptr ? end->send(data) : IoResult{0, IoStatus::failed, EBADF};
  }
  IoResult send_texts(int fd, std::span<const SharedText> texts, std::size_t start) override {
    std::string all;
    for (const SharedText& text : texts) all += *text;
    return send(fd, std::string_view(all).substr(start));
  }
  [[nodiscard]] std::size_t most_texts() const override { return is_socket() ? kMostTexts : 1; }
  int accept(int listener, sockaddr* peer, socklen_t* length) noexcept override;
  bool shut_down(int fd) noexcept override {
    End* const end = end_at(fd);
    return is_socket() && end != nullptr && static_cast<Socket*>(end)->shut_down();
  }
  [[nodiscard]] bool is_socket() const override { return serves_ == Serves::sockets; }
  [[nodiscard]] bool always_ready() const override { return serves_ == Serves::regular_files; }

 private:
  [[nodiscard]] End* end_at(int fd) const { return static_cast<End*>(process_.at(fd).get()); }

  Process& process_;
  const Serves serves_;
};

int SimulatedMedium::accept(int listener, sockaddr* peer, socklen_t* length) noexcept {
  int error = EMFILE;  // as the kernel, before it takes a connection out of the queue
  if (process_.full()) {
    errno = error;
    return -1;
  }
  try {
    auto& socket = static_cast<Socket&>(*process_.at(listener));
    const auto accepted = socket.accept(error);
    if (accepted) {
      UniqueFd fd = process_.open(accepted);
      *length = std::min(*length, accepted->peer().size());
      std::memcpy(peer, accepted->peer().data(), *length);
      return fd.release();
    }
  } catch (const std::system_error& lack) {
    error = lack.code().value();
  }
  errno = error;
  return -1;
}

/// The computer's side of a serial line, while it is open.
class SimulatedLine final : public SerialLine {
 public:
  SimulatedLine(Process& process, UniqueFd fd) : process_(process), fd_(std::move(fd)) {}
  [[nodiscard]] UniqueFd duplicate() const override { return process_.duplicate(fd_.get()); }
  [[nodiscard]] int unsent() const override {
    return static_cast<int>(static_cast<Tty&>(*process_.at(fd_.get())).on_the_way());
  }

 private:
  Process& process_;
  UniqueFd fd_;
};

}  // namespace

struct Process::Media {
  using Serves = SimulatedMedium::Serves;
  explicit Media(Process& process)
      : stream(process, Serves::sockets),
        file(process, Serves::files),
        regular_file(process, Serves::regular_files) {}
  SimulatedMedium stream;
  SimulatedMedium file;
  SimulatedMedium regular_file;
};

Process::Process(World& world, std::string name, std::uint32_t number, Tells tells)
    : world_(world),
      name_(std::move(name)),
      number_(number),
      nodes_(kMostDescriptors),
      media_(std::make_unique<Media>(*this)) {
  auto engine = std::make_unique<SimulatedEngine>(*this, tells);
  engine_ = engine.get();
  ReactorOptions options;
  options.wait_events = 16;       // few: what does not fit is for the next wait
  options.turn_bytes = 8 * 1024;  // little: turns end before everything is done
  options.scratch_bytes = 4 * 1024;
  reactor_ = std::make_unique<Reactor>(std::move(engine), *this, options);
}

Process::~Process() = default;

// --- Descriptors ---

int Process::first() const {
  return kFirstDescriptor + static_cast<int>(number_) * kMostDescriptors;
}

const std::shared_ptr<Node>& Process::at(int fd) const {
  const int index = fd - first();
  return index >= 0 && index < kMostDescriptors ? nodes_[static_cast<std::size_t>(index)]
                                                : kNothing;
}

Socket* Process::socket_at(int fd) const {
  const auto& node = at(fd);
  return node && node->is_socket() ? static_cast<Socket*>(node.get()) : nullptr;
}

bool Process::full() const {
  return std::find(nodes_.begin(), nodes_.end(), nullptr) == nodes_.end();
}

UniqueFd Process::open(std::shared_ptr<Node> node) {
  const auto free = std::find(nodes_.begin(), nodes_.end(), nullptr);
  if (free == nodes_.end()) throw_error(EMFILE, "cannot open another descriptor");
  ++node->names;
  *free = std::move(node);
  return UniqueFd(first() + static_cast<int>(free - nodes_.begin()));
}

int Process::close(int fd) {
  const auto node = at(fd);
  if (!node) return -1;
  nodes_[static_cast<std::size_t>(fd - first())].reset();
  if (--node->names > 0) return 0;
  if (engine_ != nullptr) engine_->forget(*node);
  node->close();
  return 0;
}

UniqueFd Process::duplicate(int fd) {
  const auto& node = at(fd);
  if (!node) throw_error(EBADF, "cannot use a descriptor");
  return open(node);
}

// --- Running ---

void Process::run_round() {
  const std::uint64_t moved = world_.moved_so_far();
  try {
    reactor_->run_once();
  } catch (...) {
    failure_ = std::current_exception();
  }
  idle_rounds_ = moved == world_.moved_so_far() && !engine_->asleep() ? idle_rounds_ + 1 : 0;
}

bool Process::meant(int fd) const { return engine_ != nullptr && engine_->meant(fd); }

void Process::kill() {
  reactor_.reset();
  engine_ = nullptr;
  for (int fd = first(); fd < first() + kMostDescriptors; ++fd) close(fd);
}

bool Process::asleep() const { return engine_ != nullptr && engine_->asleep(); }

bool Process::can_run() const {
  if (over() || world_.now() < stopped_until_) return false;
  return engine_->has_something() || engine_->sleeps_until() <= world_.now();
}

TimePoint Process::wakes_at() const {
  if (over()) return TimePoint::max();
  const TimePoint wakes = engine_->has_something() ? world_.now() : engine_->sleeps_until();
  return std::max(wakes, stopped_until_);
}

void Process::stop_for(Duration time) {
  stopped_until_ = world_.now() + time;
  if (asleep()) engine_->interrupt();
}

void Process::touched(Node& node) {
  if (engine_ != nullptr) engine_->touched(node);
}

// --- Host ---

TimePoint Process::now() noexcept { return world_.now(); }

std::time_t Process::date() noexcept {
  return std::chrono::duration_cast<std::chrono::seconds>(world_.now().time_since_epoch()).count();
}

Medium& Process::medium(Sort sort) noexcept {
  switch (sort) {
    case Sort::stream:
      return media_->stream;
    case Sort::file:
      return media_->file;
    case Sort::regular_file:
      return media_->regular_file;
    default:
      return medium_of(sort);
  }
}

UniqueFd Process::make_stream_socket(int family) {
  const Kind kind = family == AF_UNIX ? Kind::unix_stream : Kind::inet_stream;
  const auto socket =
      std::make_shared<Socket>(world_, *this, kind, world_.capacity(world_.next_id()));
  world_.keep(socket);
  return open(socket);
}

int Process::set_option(int fd, SocketOption option) noexcept {
  Socket* const socket = socket_at(fd);
  if (socket == nullptr) return ENOTSOCK;
  if (option == SocketOption::no_delay) socket->set_no_delay();
  return 0;
}

int Process::bind(int fd, const SocketAddress& address) noexcept {
  Socket* const socket = socket_at(fd);
  return socket != nullptr ? socket->bind(address) : ENOTSOCK;
}

int Process::listen(int fd, int backlog) noexcept {
  Socket* const socket = socket_at(fd);
  return socket != nullptr ? socket->listen(backlog) : ENOTSOCK;
}

int Process::connect(int fd, const SocketAddress& address) noexcept {
  Socket* const socket = socket_at(fd);
  return socket != nullptr ? socket->start_connect(address) : ENOTSOCK;
}

int Process::take_error(int fd) noexcept {
  Socket* const socket = socket_at(fd);
  return socket != nullptr ? socket->take_error() : ENOTSOCK;
}

bool Process::listens(int fd) noexcept {
  const Socket* const socket = socket_at(fd);
  return socket != nullptr && socket->listens();
}

SocketAddress Process::local_name(int fd) {
  const Socket* const socket = socket_at(fd);
  if (socket == nullptr) throw_error(ENOTSOCK, "cannot name a socket");
  return socket->local();
}

SocketAddress Process::peer_name(int fd) {
  const Socket* const socket = socket_at(fd);
  if (socket == nullptr || !socket->connected()) throw_error(ENOTCONN, "cannot name a peer");
  return socket->peer();
}

KernelQueues Process::queues(int fd) noexcept {
  const auto* const end = dynamic_cast<const End*>(at(fd).get());
  if (end == nullptr) return {};
  return {end->unread(), end->on_the_way()};
}

void Process::look_up(const Endpoint& endpoint, std::shared_ptr<PostQueue> posts,
                      std::function<void(LookUp)> done) {
  LookUp found;
  const auto* addresses = world_.host_called(endpoint.to_string());
  if (addresses != nullptr && world_.draws().draw(Choice::no_name, number_) == 0) {
    found.addresses = *addresses;
  } else {
    const std::error_code none(EHOSTUNREACH, std::generic_category());
    found.error = std::make_exception_ptr(
        std::system_error(none, "cannot find the host " + endpoint.to_string()));
  }
  const auto late = world_.draws().draw(Choice::late_post, number_, 6);
  world_.after(std::chrono::milliseconds(1) * (1 << 2 * late),
               [posts = std::move(posts), done = std::move(done), found = std::move(found)] {
                 posts->post([done, found] { done(found); });
               });
}

Nature Process::examine(int fd) {
  const auto& node = at(fd);
  if (!node) throw_error(EBADF, "cannot use a descriptor");
  const bool regular = dynamic_cast<const StoredFile*>(node.get()) != nullptr;
  return {node->is_socket(), regular, false};
}

std::unique_ptr<SerialLine> Process::open_line(const std::string& device, const LineSettings&) {
  const auto computer = world_.open(*this, device);
  if (!computer) throw_sentence(ENOENT, "there is no such serial device as " + device);
  return std::make_unique<SimulatedLine>(*this, open(computer));
}

}  // namespace bunshin::simulation
