#include "reactor/simulation/socket.h"

#include <cerrno>
#include <utility>

#include "reactor/simulation/process.h"
#include "reactor/simulation/world.h"

namespace bunshin::simulation {

namespace {

constexpr auto kSilence = std::chrono::seconds(130);  // what Linux tries a SYN for (tcp(7))

}  // namespace

Socket::Socket(World& world, Process& process, Kind kind, std::size_t capacity)
    : End(world, process, capacity), kind_(kind) {}

std::uint8_t Socket::state() const {
  switch (mode_) {
    case Mode::fresh:
      return ready::writable | ready::hung_up;
    case Mode::listening:
      return waiting_.empty() ? 0 : ready::readable;
    case Mode::connecting:
      return 0;
    case Mode::failed:
      return ready::readable | ready::writable | ready::failed | ready::hung_up;
    case Mode::connected:
      break;
  }
  std::uint8_t bits = 0;
  if (has_unread() || ended_ || reset_ || error_ != 0) bits |= ready::readable;
  if (has_room() || shut_ || reset_) bits |= ready::writable;
  if (ended_ || reset_) bits |= ready::peer_ended;
  if ((ended_ && shut_) || reset_) bits |= ready::hung_up;
  if (error_ != 0) bits |= ready::failed;
  return bits;
}

int Socket::bind(const SocketAddress& address) {
  local_ = world().name(*this, address);
  return local_.size() == 0 ? EADDRINUSE : 0;
}

int Socket::listen(int backlog) {
  if (mode_ != Mode::fresh) return EINVAL;
  mode_ = Mode::listening;
  backlog_ = static_cast<std::size_t>(backlog);
  return 0;
}

int Socket::start_connect(const SocketAddress& address) {
  local_ = world().private_name(address.family());
  peer_ = address;
  mode_ = Mode::connecting;
  Draws& draws = world().draws();
  if (draws.draw(Choice::silent, id()) != 0) {
    world().after(kSilence, [self = shared_from_this()] {
      static_cast<Socket&>(*self).fail_to_connect(ETIMEDOUT);
    });
    return EINPROGRESS;
  }
  world().after(world().latency(id()),
                [self = shared_from_this()] { static_cast<Socket&>(*self).arrive_at_listener(); });
  return EINPROGRESS;
}

void Socket::fail_to_connect(int error) {
  if (gone_ || mode_ != Mode::connecting) return;
  mode_ = Mode::failed;
  error_ = error;
  touch();
}

void Socket::arrive_at_listener() {
  if (gone_) return;
  Socket* listener = world().listener_at(peer_);
  const bool refused = world().draws().draw(Choice::refused, id()) != 0;
  if (listener == nullptr || refused) return fail_to_connect(ECONNREFUSED);
  if (listener->waiting_.size() >= listener->backlog_) {  // the SYN is dropped, and sent again
    world().after(std::chrono::seconds(1), [self = shared_from_this()] {
      static_cast<Socket&>(*self).arrive_at_listener();
    });
    return;
  }
  auto accepted =
      std::make_shared<Socket>(world(), listener->process(), kind_, world().capacity(id()));
  world().keep(accepted);
  capacity_ = accepted->capacity_;
  accepted->mode_ = mode_ = Mode::connected;
  accepted->no_delay_ = listener->no_delay_;
  accepted->local_ = peer_;
  accepted->peer_ = local_;
  End::connect(std::static_pointer_cast<End>(shared_from_this()), accepted);
  listener->waiting_.push_back(std::move(accepted));
  listener->touch();
  touch();
}

std::shared_ptr<Socket> Socket::accept(int& error) {
  Draws& draws = world().draws();
  error = EAGAIN;
  if (waiting_.empty()) return nullptr;
  constexpr int kNoDescriptor[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS};
  constexpr int kRefused[] = {EPROTO, EPERM, ENETDOWN, EIO};
  if (draws.draw(Choice::interrupted, id()) != 0) {
    error = EINTR;
  } else if (const auto lack = draws.draw(Choice::no_descriptor, id(), 4); lack != 0) {
    error = kNoDescriptor[lack - 1];
  } else if (const auto other = draws.draw(Choice::accept_refused, id(), 4); other != 0) {
    error = kRefused[other - 1];
  } else {
    error = 0;
  }
  if (error != 0) return nullptr;
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  if (draws.draw(Choice::aborted, id()) != 0) {
    world().harm(*next);
    next->reset();
    next->close();
    error = ECONNABORTED;
    return nullptr;
  }
  world().moved(1);
  return next;
}

bool Socket::shut_down() {
  if (mode_ == Mode::connected && !std::exchange(shut_, true)) end_other();
  return true;
}

int Socket::take_error() { return std::exchange(error_, 0); }

Duration Socket::travel(std::size_t) const { return std::chrono::microseconds(20); }

void Socket::close() {
  if (std::exchange(gone_, true)) return;
  world().forget_name(*this);
  for (const auto& next : std::exchange(waiting_, {})) {
    world().harm(*next);
    next->reset();
    next->close();
  }
  if (mode_ != Mode::connected || !other_) return;
  if (has_unread() || !coming_.empty()) {  // RFC 2525, 2.17: what nobody will read is answered so
    arrived_.clear();
    arrived_at_nobody();
  } else {
    end_other();
  }
}

void Socket::arrived_at_nobody() {
  if (!other_) return;
  world().after(world().latency(id()), [peer = other_] { static_cast<Socket&>(*peer).be_reset(); });
}

bool Socket::cut() {
  if (world().draws().draw(Choice::reset, id()) == 0) return false;
  world().harm(*this);
  reset();
  return true;
}

void Socket::reset() {
  be_reset();
  if (other_) static_cast<Socket&>(*other_).be_reset();
}

void Socket::be_reset() {
  if (gone_ || reset_ || mode_ != Mode::connected) return;
  reset_ = true;
  error_ = ECONNRESET;
  forget_coming();
  if (other_) static_cast<Socket&>(*other_).forget_coming();
  if (world().draws().draw(Choice::unread_lost, id()) != 0) arrived_.clear();
  touch();
}

/// As Linux has it: what has arrived is read first, then the error is told, once; then the end.
IoResult Socket::instead_of_bytes() {
  if (mode_ != Mode::connected) return {0, IoStatus::failed, ENOTCONN};
  if (error_ != 0) return {0, IoStatus::failed, take_error()};
  if (ended_ || reset_) return {0, IoStatus::end_of_file, 0};
  return {};
}

IoResult Socket::refuse_to_send() {
  if (mode_ != Mode::connected) return {0, IoStatus::failed, ENOTCONN};
  if (error_ != 0) return {0, IoStatus::failed, take_error()};
  if (reset_ || shut_) return {0, IoStatus::failed, EPIPE};
  return {};
}

}  // namespace bunshin::simulation
