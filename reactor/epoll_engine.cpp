// epoll(7): the engine of Linux. Everything is registered once, edge-triggered.

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <span>

#include "reactor/engine.h"
#include "reactor/error.h"
#include "reactor/unique_fd.h"

namespace bunshin {

namespace {

constexpr bool same(std::uint32_t ours, std::uint32_t theirs) { return ours == theirs; }
static_assert(same(ready::readable, EPOLLIN) && same(ready::urgent, EPOLLPRI) &&
              same(ready::writable, EPOLLOUT) && same(ready::failed, EPOLLERR) &&
              same(ready::hung_up, EPOLLHUP) && same(ready::peer_ended, EPOLLRDHUP >> 8));

/// Exact, because no other event is asked for than those above.
constexpr std::uint8_t to_bits(std::uint32_t events) {
  return static_cast<std::uint8_t>(events | events >> 8);
}

constexpr std::uint32_t kEverything = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;

class EpollEngine final : public Engine {
 public:
  EpollEngine()
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!epoll_ || !wake_) throw_error(errno, "cannot make an epoll instance");
    control(EPOLL_CTL_ADD, wake_.get(), kWake, EPOLLIN);
  }

  [[nodiscard]] std::string_view name() const override { return "epoll"; }

  void add(int fd, Generation generation, Kind, Model model, std::uint8_t interest) override {
    const bool level_triggered = model == Model::level;
    control(EPOLL_CTL_ADD, fd, name_of(fd, generation),
            level_triggered ? level(interest) : kEverything);
  }

  void modify(int fd, Generation generation, std::uint8_t interest) override {
    control(EPOLL_CTL_MOD, fd, name_of(fd, generation), level(interest));
  }

  void remove(int fd) noexcept override { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

  std::size_t wait(Timeout timeout, std::span<Event> events) override;

  void wake() noexcept override {
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);  // fails only when 2^64-2 wake-ups wait already
  }

 private:
  static constexpr std::size_t kBatch = 256;
  static constexpr std::uint64_t kWake = 0;

  static std::uint32_t level(std::uint8_t interest) {
    const std::uint32_t ended = (interest & ready::readable) != 0 ? std::uint32_t{EPOLLRDHUP} : 0;
    return interest | ended;
  }

  /// What comes back with an event. Never kWake, because no generation is 0.
  static std::uint64_t name_of(int fd, Generation generation) {
    return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
  }

  void control(int operation, int fd, std::uint64_t name, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.u64 = name;
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) {
      throw_error(errno, "cannot watch a descriptor with epoll");
    }
  }

  int wait_for(Timeout timeout, int most);

  UniqueFd epoll_;
  UniqueFd wake_;
  // Linux 5.11. Valgrind 3.19 does not know it and answers ENOSYS; old sandboxes answer EPERM.
  bool has_pwait2_ = true;
  std::array<epoll_event, kBatch> batch_;
};

int EpollEngine::wait_for(Timeout timeout, int most) {
  using std::chrono::milliseconds;
  if (timeout == Timeout::zero()) return ::epoll_wait(epoll_.get(), batch_.data(), most, 0);
  if (timeout == kForever) return ::epoll_wait(epoll_.get(), batch_.data(), most, -1);
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 35)
  if (has_pwait2_) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    const timespec limit{static_cast<time_t>(seconds.count()),
                         static_cast<long>((timeout - seconds).count())};
    const int count = ::epoll_pwait2(epoll_.get(), batch_.data(), most, &limit, nullptr);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    has_pwait2_ = false;
  }
#endif
  const auto rounded =
      std::chrono::ceil<milliseconds>(std::min(timeout, Timeout(milliseconds(INT_MAX))));
  return ::epoll_wait(epoll_.get(), batch_.data(), most, static_cast<int>(rounded.count()));
}

std::size_t EpollEngine::wait(Timeout timeout, std::span<Event> events) {
  const int most = static_cast<int>(std::min(events.size(), kBatch));
  const int count = wait_for(timeout, most);
  if (count < 0) return wait_failed(errno, timeout);
  auto filled = events.begin();
  for (const epoll_event& event : std::span(batch_).first(static_cast<std::size_t>(count))) {
    const std::uint64_t name = event.data.u64;
    if (name == kWake) [[unlikely]] {
      std::uint64_t wakes = 0;
      (void)!::read(wake_.get(), &wakes, sizeof wakes);
      continue;
    }
    *filled++ = {static_cast<int>(name & 0xffffffff), static_cast<Generation>(name >> 32),
                 to_bits(event.events)};
  }
  return static_cast<std::size_t>(filled - events.begin());
}

}  // namespace

std::unique_ptr<Engine> make_epoll_engine(const EngineOptions&) {
  return std::make_unique<EpollEngine>();
}

}  // namespace bunshin
