#include "tools/load/load_generator.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <stdexcept>
#include <utility>

#include "reactor/error.h"
#include "reactor/sockets.h"
#include "tools/load/load_client.h"

namespace bunshin {

namespace {

/// So many connections are begun before the first of them has had its answer: less than any
/// server's queue of those that wait to be accepted.
constexpr std::size_t kAtOnce = 64;
constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kProgressPeriod = std::chrono::milliseconds(500);
/// Besides the connections: the engine, the signals, standard input and output.
constexpr rlim_t kOtherDescriptors = 32;

Duration to_duration(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

double to_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::uint64_t to_nanoseconds(Duration duration) {
  return static_cast<std::uint64_t>(std::max(duration, Duration::zero()).count());
}

void raise_descriptor_limit(std::size_t connections) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t needed = connections + kOtherDescriptors;
  if (needed > limit.rlim_max) {
    throw std::runtime_error(fmt::format(
        "{} connections need {} descriptors, and a process may have {} here (ulimit -Hn)",
        connections, needed, limit.rlim_max));
  }
  limit.rlim_cur = std::max(limit.rlim_cur, needed);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Source addresses 127.0.0.1, 127.0.0.2, ...: each has its own ports.
void bind_source(int fd, std::size_t number) {
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(number));
#ifdef IP_BIND_ADDRESS_NO_PORT
  // Or else bind(2) would take a port that nobody else uses, to whatever peer (Linux 4.2).
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
#endif
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0) {
    throw_error(errno, fmt::format("cannot connect from 127.0.0.{}", number + 1));
  }
}

/// Waits until a connect(2) that is in progress has come to an end; returns errno.
int finish_connecting(int fd) {
  pollfd entry{fd, POLLOUT, 0};
  const auto patience = std::chrono::milliseconds(kPatience).count();
  if (::poll(&entry, 1, static_cast<int>(patience)) == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

}  // namespace

LoadPattern::LoadPattern(bool text) : noise_(kPeriod + kLongest, '\0') {
  constexpr std::string_view kText =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::minstd_rand random;
  for (std::size_t index = 0; index < kPeriod; ++index) {
    const auto value = random() >> 8;
    noise_[index] = text ? kText[value % kText.size()] : static_cast<char>(value);
  }
  for (std::size_t index = kPeriod; index < noise_.size(); ++index) {
    noise_[index] = noise_[index - kPeriod];
  }
}

LoadGenerator::LoadGenerator(Reactor& reactor, const SocketAddress& address,
                             const LoadOptions& options)
    : reactor_(reactor), address_(address), options_(options), pattern_(options.text) {
  options_.check();
  if (options_.spread > 1 && address_.family() != AF_INET) {
    throw std::invalid_argument("--spread needs an IPv4 server on this machine");
  }
  result_.options = options_;
  result_.address = address_.to_string();
  result_.engine = reactor_.engine_name();
}

LoadGenerator::~LoadGenerator() {
  for (LoadClient* client : clients_) client->close();
}

void LoadGenerator::fail(std::string reason) {
  if (failure_.empty()) failure_ = std::move(reason);
}

void LoadGenerator::record(TimePoint planned, TimePoint sent, TimePoint answered) {
  ++result_.total_messages;
  if (!measuring_) return;
  ++result_.messages;
  result_.latency.record(to_nanoseconds(answered - planned));
  if (options_.rate > 0) result_.uncorrected.record(to_nanoseconds(answered - sent));
}

void LoadGenerator::record_lateness(Duration lateness) {
  if (measuring_) result_.lateness.record(to_nanoseconds(lateness));
}

LoadResult LoadGenerator::run() {
  if (options_.server) result_.server_memory_before = anonymous_bytes(*options_.server);
  connect_all();
  if (!stopped_) start_clients();
  run_until(Clock::now() + to_duration(options_.warmup), "warming up");
  if (failure_.empty() && !stopped_) measure();
  if (!failure_.empty()) throw std::runtime_error(failure_);
  result_.interrupted = stopped_;
  if (result_.messages == 0 && !stopped_) {
    throw std::runtime_error(fmt::format("no answer came in {} s", options_.seconds));
  }
  return std::move(result_);
}

// --- Connecting ---

void LoadGenerator::connect_all() {
  const std::size_t all = options_.connections + options_.idle;
  raise_descriptor_limit(all);
  while (clients_.size() < all && !stopped_) {
    connect_some(std::min(kAtOnce, all - clients_.size()));
    if (!failure_.empty()) throw std::runtime_error(failure_);
    progress(Clock::now(), fmt::format("connecting: {} of {}", clients_.size(), all));
  }
}

void LoadGenerator::connect_some(std::size_t count) {
  for (std::size_t index = 0; index < count; ++index) {
    const std::size_t number = clients_.size();
    clients_.push_back(
        &reactor_.adopt(std::make_unique<LoadClient>(*this, open_connection(number), number)));
  }
  const TimePoint end = Clock::now() + kPatience;
  while (ready_ < clients_.size() && failure_.empty() && !stopped_) {
    const TimePoint now = Clock::now();
    if (now >= end) {
      return fail(fmt::format("{} of {} connections have no answer after {} s",
                              clients_.size() - ready_, clients_.size(), kPatience.count()));
    }
    reactor_.run_once(end - now);
  }
  result_.total_messages += count;
}

StreamSocket LoadGenerator::open_connection(std::size_t number) const {
  UniqueFd fd = make_stream_socket(address_.family());
  if (options_.spread > 1) bind_source(fd.get(), number % options_.spread);
  set_no_delay(fd.get());
  int error = ::connect(fd.get(), address_.data(), address_.size()) == 0 ? 0 : errno;
  if (error == EINPROGRESS || error == EINTR) error = finish_connecting(fd.get());
  if (error != 0) throw_error(error, fmt::format("cannot connect to {}", address_.to_string()));
  return {std::move(fd), stream_kind(address_)};
}

// --- Running ---

void LoadGenerator::start_clients() {
  plan_start_ = Clock::now();
  for (std::size_t number = 0; number < options_.connections; ++number) {
    if (options_.rate > 0) {
      clients_[number]->begin_plan();
    } else if (options_.churn) {
      clients_[number]->begin_churn(address_);
    } else {
      clients_[number]->begin_loop();
    }
  }
}

void LoadGenerator::run_until(TimePoint end, const char* phase) {
  for (;;) {
    TimePoint now = Clock::now();
    if (now >= end || stopped_ || !failure_.empty()) return;
    bool active = options_.rate > 0 && send_due(now);
    progress(now, fmt::format("{}: {:.1f} s left", phase, to_seconds(end - now)));
    const auto events = reactor_.stats().events;
    reactor_.run_once(wait_limit(end));
    active = active || reactor_.stats().events != events;
    if (!measuring_) continue;
    ++result_.rounds;
    if (!active) ++result_.idle_rounds;
  }
}

Duration LoadGenerator::wait_limit(TimePoint end) const {
  if (options_.busy) return Duration::zero();
  if (options_.rate > 0) end = std::min(end, next_due());
  if (on_progress) end = std::min(end, next_progress_);
  return std::max(end - Clock::now(), Duration::zero());
}

TimePoint LoadGenerator::next_due() const {
  const auto client = static_cast<std::size_t>(next_planned_ % options_.connections);
  return planned_time(client, next_planned_ / options_.connections);
}

TimePoint LoadGenerator::planned_time(std::size_t client, std::uint64_t turn) const {
  const auto number = static_cast<double>(client) +
                      static_cast<double>(turn) * static_cast<double>(options_.connections);
  return plan_start_ + to_duration(number / options_.rate);
}

/// False when nothing was due.
bool LoadGenerator::send_due(TimePoint now) {
  const std::uint64_t before = next_planned_;
  for (; next_due() <= now; now = Clock::now()) {
    LoadClient& client = *clients_[static_cast<std::size_t>(next_planned_ % options_.connections)];
    ++next_planned_;
    client.send_planned(now);
  }
  return next_planned_ != before;
}

void LoadGenerator::progress(TimePoint now, const std::string& line) {
  if (!on_progress || now < next_progress_) return;
  next_progress_ = now + kProgressPeriod;
  on_progress(line);
}

void LoadGenerator::measure() {
  measuring_ = true;
  const auto server = options_.server ? ProcessUsage::of(*options_.server) : ProcessUsage{};
  const auto own = ProcessUsage::of_self();
  const std::uint64_t planned_before = next_planned_;
  const TimePoint start = Clock::now();
  run_until(start + to_duration(options_.seconds), "measuring");
  const TimePoint end = Clock::now();
  result_.generator = ProcessUsage::of_self().since(own);
  if (options_.server) result_.server = ProcessUsage::of(*options_.server).since(server);
  if (options_.server) result_.server_memory = anonymous_bytes(*options_.server);
  result_.seconds = to_seconds(end - start);
  if (options_.rate > 0) {
    skip_due(end);
    result_.planned = next_planned_ - planned_before;
    count_unanswered(end);
  }
  measuring_ = false;
}

/// What was due and did not leave in time, because the generator had no time itself.
void LoadGenerator::skip_due(TimePoint end) {
  for (;; ++next_planned_) {
    const TimePoint planned = next_due();
    if (planned > end) return;
    record_lateness(end - planned);
    result_.latency.record(to_nanoseconds(end - planned));
    ++result_.unanswered;
  }
}

/// Those that are still waiting have waited at least until now: left out, a server that stopped
/// answering would look quick.
void LoadGenerator::count_unanswered(TimePoint end) {
  for (std::size_t number = 0; number < options_.connections; ++number) {
    clients_[number]->for_each_unanswered([&](TimePoint planned) {
      ++result_.unanswered;
      result_.latency.record(to_nanoseconds(end - planned));
    });
  }
}

}  // namespace bunshin
