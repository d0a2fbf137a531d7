#include "handlers/buffered_dispatcher.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <string>
#include <utility>

#include "handlers/send_queue.h"
#include "reactor/broken.h"
#include "reactor/timer.h"

namespace bunshin {

namespace {

/// What is corked may grow to so much.
constexpr std::size_t kCorkLimit = 32 * 1024;
/// So often a master of a pseudo-terminal that is to end looks whether somebody has its slave.
constexpr auto kSlaveCheck = std::chrono::milliseconds(100);

}  // namespace

struct BufferedDispatcher::Outgoing {
  explicit Outgoing(BufferedDispatcher& owner)
      : linger_timer(owner, &BufferedDispatcher::linger_over) {}
  SendQueue queue;
  bool full = false;     // handle_full was called, handle_drained not yet
  bool ending = false;   // shut_down_when_done or close_when_done was called
  bool closing = false;  // close_when_done was called
  Duration linger{};
  Timer linger_timer;
};

BufferedDispatcher::BufferedDispatcher(Reactor& reactor) : Dispatcher(reactor) {}

BufferedDispatcher::BufferedDispatcher(Reactor& reactor, StreamSocket socket, Model model)
    : Dispatcher(reactor, std::move(socket), model) {}

BufferedDispatcher::~BufferedDispatcher() = default;

void BufferedDispatcher::disconnect() {
  out_.reset();
  Dispatcher::disconnect();
}

std::size_t BufferedDispatcher::buffered() const { return out_ ? out_->queue.size() : 0; }

/// Not when the connection is gone or ending.
bool BufferedDispatcher::takes() const {
  return descriptor() >= 0 && error() == 0 && !(out_ && out_->ending);
}

/// For what the kernel did not take at once. Without memory to keep it the connection has failed,
/// and not whoever is sending, who may have more to do: others may get the same.
bool BufferedDispatcher::send_later(std::string_view data) {
  if (!takes()) return false;
  if (data.empty()) return true;
  try {
    outgoing().queue.append(data);
  } catch (const std::bad_alloc&) {
    fail(ENOMEM);
    return false;
  }
  if (buffered() == data.size() && !broken("keep")) want_write(true);
  tell_full();
  return true;
}

bool BufferedDispatcher::send_corked(const SharedText& text) {
  if (!takes()) return false;
  try {
    outgoing().queue.append(text);
  } catch (const std::bad_alloc&) {
    if (buffered() == 0) out_.reset();
    return send(*text);  // at once it needs no memory, when the kernel takes it
  }
  reactor().cork(*this);
  if (buffered() >= kCorkLimit) reactor().call_for(*this, [this] { handle_write(); });
  tell_full();
  return true;
}

BufferedDispatcher::Outgoing& BufferedDispatcher::outgoing() {
  if (!out_) out_ = std::make_unique<Outgoing>(*this);
  return *out_;
}

void BufferedDispatcher::tell_full() {
  if (out_ && !out_->full && buffered() >= watermarks().high) {
    out_->full = true;
    reactor().call_for(*this, [this] { handle_full(); });
  }
}

void BufferedDispatcher::handle_write() {
  if (!out_ || buffered() == 0) return want_write(false);
  const SendQueue& queue = out_->queue;
  const IoResult result = queue.own().empty()
                              ? reactor().send(*this, queue.shared(), queue.shared_start())
                              : Dispatcher::send(queue.own());
  if (result.status != IoStatus::failed) sent(result.bytes);
}

void BufferedDispatcher::sent(std::size_t bytes) {
  Outgoing& out = *out_;
  out.queue.drop(bytes);
  const bool drained = out.full && buffered() <= watermarks().low;
  if (drained) out.full = false;
  if (buffered() == 0) {
    want_write(false);
    if (out.closing) return buffer_empty();
    if (out.ending) {
      buffer_empty();
    } else {
      out_.reset();
    }
  }
  if (drained && !broken("drained")) handle_drained();
}

void BufferedDispatcher::shut_down_when_done() {
  if (!connected()) return;
  outgoing().ending = true;
  if (buffered() == 0) buffer_empty();
}

void BufferedDispatcher::close_when_done(Duration linger) {
  if (closed()) return;
  if (broken("trap14")) return close();
  if (!connected() || error() != 0 || (ended() && buffered() == 0)) return close();
  Outgoing& out = outgoing();
  if (out.closing) return;
  out.ending = out.closing = true;
  out.linger = linger;
  discard_input();
  if (buffered() == 0) return buffer_empty();
  if (reactor().other_side(*this) != Medium::OtherSide::ends) out.linger_timer.arm(linger);
}

/// A master of a pseudo-terminal is given up only while nobody has its slave.
void BufferedDispatcher::linger_over() {
  if (buffered() == 0 || reactor().other_side(*this) == Medium::OtherSide::away) return close();
  out_->linger_timer.arm(std::max<Duration>(out_->linger, kSlaveCheck));
}

/// Everything was sent, and that was the last.
void BufferedDispatcher::buffer_empty() {
  const bool can_end = reactor().shut_down_sending(*this);
  if (!out_->closing) return;
  if (ended() || !can_end || broken("linger")) return close();
  if (!out_->linger_timer.armed()) out_->linger_timer.arm(out_->linger);
}

}  // namespace bunshin
