#include "handlers/connect_race.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace bunshin {

namespace {

/// The Connection Attempt Delay that RFC 8305, section 5, recommends.
constexpr auto kAttemptDelay = std::chrono::milliseconds(250);

/// The order of trying, backwards: the families in turn, that of the first address first.
std::vector<SocketAddress> in_turn(const std::vector<SocketAddress>& addresses) {
  std::vector<SocketAddress> first, other, mixed;
  for (const SocketAddress& address : addresses) {
    (address.family() == addresses.front().family() ? first : other).push_back(address);
  }
  for (std::size_t index = 0; index < std::max(first.size(), other.size()); ++index) {
    if (index < first.size()) mixed.push_back(first[index]);
    if (index < other.size()) mixed.push_back(other[index]);
  }
  std::reverse(mixed.begin(), mixed.end());
  return mixed;
}

}  // namespace

/// One address being tried. Either may go first, the race or this.
class ConnectRace::Attempt : public EventHandler {
 public:
  Attempt(Reactor& reactor, ConnectRace& race, Kind kind)
      : EventHandler(reactor), race_(&race), kind_(kind) {}
  ~Attempt() override {
    if (race_ != nullptr) std::erase(race_->attempts_, this);
  }

  void give_up() {
    race_ = nullptr;
    close();
  }
  void handle_connect() override { race_->finish({reactor().release(*this), kind_}); }
  void handle_connect_error(int error) override { race_->failed(*this, error); }

 private:
  ConnectRace* race_;
  const Kind kind_;
};

ConnectRace::ConnectRace(Reactor& reactor, const std::vector<SocketAddress>& addresses, Done done)
    : reactor_(reactor), addresses_(in_turn(addresses)), done_(std::move(done)) {}

ConnectRace::~ConnectRace() { give_up(); }

void ConnectRace::give_up() {
  reactor_.cancel(next_timer_);
  addresses_.clear();
  for (Attempt* attempt : std::exchange(attempts_, {})) attempt->give_up();
}

void ConnectRace::try_next() {
  reactor_.cancel(next_timer_);
  bool begun = false;
  while (!begun && !addresses_.empty()) {
    const SocketAddress address = addresses_.back();
    addresses_.pop_back();
    begun = begin(address);
  }
  if (!addresses_.empty()) {
    next_timer_ = reactor_.call_later(kAttemptDelay, [this] { try_next(); });
  } else if (attempts_.empty()) {
    finish({UniqueFd(), Kind::inet_stream});
  }
}

/// False when it has failed at once.
bool ConnectRace::begin(const SocketAddress& address) {
  auto& attempt = reactor_.emplace<Attempt>(*this, stream_kind(address));
  attempts_.push_back(&attempt);
  try {
    reactor_.connect(attempt, address, Model::level);
    return true;
  } catch (const std::system_error& failure) {
    drop(attempt, failure.code().value());
    return false;
  }
}

void ConnectRace::drop(Attempt& attempt, int error) {
  error_ = error;
  std::erase(attempts_, &attempt);
  attempt.give_up();
}

void ConnectRace::failed(Attempt& attempt, int error) {
  drop(attempt, error);
  try_next();
}

void ConnectRace::finish(StreamSocket socket) {
  give_up();
  const Done done = std::move(done_);  // the race may be gone after this
  done(std::move(socket), error_);
}

}  // namespace bunshin
