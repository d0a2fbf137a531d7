#include "reactor/simulation/world.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "reactor/unique_fd.h"

namespace bunshin::simulation {

namespace {

thread_local World* this_world = nullptr;

/// In place of close(2): numbers beyond the program's own belong to a world.
int close_simulated(int fd) {
  if (fd < Process::kFirstDescriptor || this_world == nullptr) return ::close(fd);
  const auto number = static_cast<std::size_t>(fd - Process::kFirstDescriptor) /
                      static_cast<std::size_t>(Process::kMostDescriptors);
  const auto& processes = this_world->processes();
  return number < processes.size() ? processes[number]->close(fd) : ::close(fd);
}

constexpr auto kRoundTime = std::chrono::microseconds(2);
constexpr std::size_t kBytesASecond = 57600 / 10;

SocketAddress with_port(const SocketAddress& address, std::uint16_t port) {
  sockaddr_storage storage{};
  std::memcpy(&storage, address.data(), address.size());
  // The port is at the same place in both.
  reinterpret_cast<sockaddr_in*>(&storage)->sin_port = htons(port);
  return {reinterpret_cast<const sockaddr*>(&storage), address.size()};
}

}  // namespace

World::World(Draws& draws) : draws_(draws) {
  if (this_world != nullptr) throw std::logic_error("one world a thread, one after the other");
  this_world = this;
  close_descriptor = close_simulated;
}

World::~World() {
  for (const auto& process : processes_) process->kill();
  happenings_.clear();
  for (const auto& end : ends_) end->part();
  this_world = nullptr;
}

Process& World::start(std::string name, Process::Tells tells) {
  const auto number = static_cast<std::uint32_t>(processes_.size());
  return *processes_.emplace_back(std::make_unique<Process>(*this, std::move(name), number, tells));
}

// --- Time ---

void World::after(Duration delay, std::function<void()> function) {
  happenings_.push_back({now_ + delay, ++happenings_so_far_, std::move(function)});
  std::push_heap(happenings_.begin(), happenings_.end());
}

void World::happen() {
  while (!happenings_.empty() && happenings_.front().time <= now_) {
    std::pop_heap(happenings_.begin(), happenings_.end());
    const auto function = std::move(happenings_.back().function);
    happenings_.pop_back();
    function();
  }
}

/// Nobody has anything to do: until when?
bool World::pass_time() {
  TimePoint next = happenings_.empty() ? TimePoint::max() : happenings_.front().time;
  for (const auto& process : processes_) next = std::min(next, process->wakes_at());
  if (next == TimePoint::max()) return false;
  const auto more = draws_.draw(Choice::wait_more, 0, 6);
  if (more != 0) next += std::chrono::microseconds(100) * (1 << 2 * more);
  now_ = std::max(now_, next);
  return true;
}

Process* World::choose() {
  std::vector<Process*> able;
  for (std::size_t index = 0; index < processes_.size(); ++index) {
    Process& process = *processes_[(last_run_ + 1 + index) % processes_.size()];
    if (process.can_run()) able.push_back(&process);
  }
  if (able.empty()) return nullptr;
  const auto others = static_cast<std::uint32_t>(able.size() - 1);
  return able[others == 0 ? 0 : draws_.draw(Choice::turn, 0, others)];
}

bool World::step() {
  happen();
  Process* const process = choose();
  if (process == nullptr) return pass_time();
  last_run_ = process->number();
  constexpr std::chrono::milliseconds kStops[] = {
      std::chrono::milliseconds(5), std::chrono::milliseconds(300), std::chrono::milliseconds(2500),
      std::chrono::milliseconds(9000)};
  if (const auto stop = draws_.draw(Choice::stopped, process->number(), 4); stop != 0) {
    process->stop_for(kStops[stop - 1]);
    return true;
  }
  ++rounds_;
  now_ += kRoundTime;
  process->run_round();
  return true;
}

bool World::run(const std::function<bool()>& done, std::uint64_t rounds) {
  for (const std::uint64_t last = rounds_ + rounds; !done();) {
    if (rounds_ >= last || !step()) return false;
  }
  return true;
}

Duration World::latency(std::uint32_t object) {
  const auto steps = draws_.draw(Choice::latency, object, 8);
  return steps == 0 ? Duration::zero() : Duration(std::chrono::microseconds(20)) * (1 << 2 * steps);
}

std::size_t World::capacity(std::uint32_t object) {
  constexpr std::size_t kCapacities[] = {64 * 1024, 300, 1500, 4096, 16 * 1024};
  return kCapacities[draws_.draw(Choice::small_buffer, object, 4)];
}

// --- Names ---

void World::harm(const Socket& socket) {
  harmed_.insert(socket.local().port());
  harmed_.insert(socket.peer().port());
}

SocketAddress World::name(Socket& socket, const SocketAddress& wanted) {
  const SocketAddress name = wanted.port() == 0 ? with_port(wanted, ++last_port_) : wanted;
  return listeners_.try_emplace(name.to_string(), &socket).second ? name : SocketAddress();
}

void World::forget_name(Socket& socket) {
  std::erase_if(listeners_, [&socket](const auto& each) { return each.second == &socket; });
}

Socket* World::listener_at(const SocketAddress& address) {
  const auto found = listeners_.find(address.to_string());
  return found != listeners_.end() && found->second->listens() ? found->second : nullptr;
}

SocketAddress World::private_name(int family) {
  const char* const host = family == AF_INET6 ? "[::1]:0" : "127.0.0.1:0";
  return with_port(*Endpoint::parse(host).numeric(), ++last_port_);
}

void World::set_host(const std::string& name, std::vector<SocketAddress> addresses) {
  hosts_[name] = std::move(addresses);
}

const std::vector<SocketAddress>* World::host_called(const std::string& name) const {
  const auto found = hosts_.find(name);
  return found == hosts_.end() ? nullptr : &found->second;
}

// --- Serial lines ---

UniqueFd World::make_line(Process& process, const std::string& path) {
  Line& line = lines_[path];
  line.device = std::make_shared<Tty>(*this, process, true, kBytesASecond);
  ends_.push_back(line.device);
  return process.open(line.device);
}

UniqueFd World::make_file(Process& process, std::string content) {
  auto file = std::make_shared<StoredFile>(*this, process, std::move(content));
  ends_.push_back(file);
  return process.open(file);
}

std::shared_ptr<Tty> World::open(Process& process, const std::string& path) {
  const auto found = lines_.find(path);
  if (found == lines_.end() || !found->second.plugged) return nullptr;
  Line& line = found->second;
  line.computer = std::make_shared<Tty>(*this, process, false, kBytesASecond);
  ends_.push_back(line.computer);
  End::connect(line.device, line.computer);
  return line.computer;
}

void World::unplug(Tty& computer) {
  for (auto& [path, line] : lines_) {
    if (line.computer.get() != &computer) continue;
    line.plugged = false;
    after(std::chrono::seconds(2), [&plugged = line.plugged] { plugged = true; });
  }
  computer.hang_up();
}

}  // namespace bunshin::simulation
