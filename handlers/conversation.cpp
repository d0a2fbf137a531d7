#include "handlers/conversation.h"

namespace bunshin {

void Stream::run(Conversation conversation) {
  conversation_ = std::move(conversation);
  reactor().call_for(*this, [this] { go_on(); });
}

/// Lets the coroutine run until it waits again, or has ended.
void Stream::go_on() {
  waits_ = Waits::nothing;
  conversation_.resume();
  if (!conversation_.done() || closed()) return;
  over_ ? close() : close_when_done();
}

void Stream::handle_read() {
  if (waits_ != Waits::bytes) {
    pause_reading();
    return;
  }
  text_ = recv(read_limit_);
  if (!text_.empty()) go_on();  // the end reaches handle_close
}

void Stream::handle_drained() {
  full_ = false;
  if (waits_ == Waits::room) go_on();
}

void Stream::handle_close() {
  over_ = true;
  tell_loss();
  if (waits_ == Waits::time) {
    disconnect();  // it finds out when it wakes
  } else if (conversation_.done()) {
    close();
  } else {
    go_on();
    if (!closed() && waits_ == Waits::time) disconnect();
  }
}

}  // namespace bunshin
