#include "reactor/stream_watch.h"

#include <fcntl.h>

#include <exception>
#include <system_error>

#include "reactor/foreign_watch.h"
#include "reactor/sockets.h"

namespace bunshin {

StreamWatch::StreamWatch(Reactor& reactor, StandardStream& stream)
    : stream_(stream),
      posts_(reactor.posts()),
      private_fd_(open_again(stream.fd_)),
      watched_fd_(::fcntl(private_fd_ ? private_fd_.get() : stream.fd_, F_DUPFD_CLOEXEC, 3)),
      self_(std::make_shared<StreamWatch*>(this)) {
  try {
    if (watched_fd_) {
      watch_ = &reactor.watch_foreign(watched_fd_.get(), 0, [this](std::uint8_t) { room(); });
      watch_->unref();
    }
  } catch (const std::system_error&) {
    // A regular file, /dev/null: never full. (epoll says EPERM.)
  }
  const std::lock_guard lock(stream_.mutex_);
  stream_.private_fd_ = private_fd_.get();
  stream_.watch_ = this;
  if (stream_.size_ > 0) stream_.room_asked_ = ask_for_room();
}

StreamWatch::~StreamWatch() {
  if (watch_ != nullptr) watch_->close();
  const std::lock_guard lock(stream_.mutex_);
  stream_.private_fd_ = -1;
  stream_.watch_ = nullptr;
  stream_.room_asked_ = false;
}

bool StreamWatch::ask_for_room() noexcept {
  try {
    return posts_->post([weak = std::weak_ptr(self_)] {
      if (const auto self = weak.lock()) (*self)->want_room(true);
    });
  } catch (const std::exception&) {
    return false;  // no memory: the next line asks again
  }
}

void StreamWatch::want_room(bool wanted) noexcept {
  if (watch_ == nullptr) return;
  try {
    watch_->set_interest(wanted ? ready::writable : 0);
  } catch (const std::exception&) {
    const std::lock_guard lock(stream_.mutex_);
    stream_.room_asked_ = false;
  }
}

void StreamWatch::room() noexcept {
  bool full = false;
  {
    const std::lock_guard lock(stream_.mutex_);
    stream_.write_kept();
    full = stream_.size_ > 0;
    stream_.room_asked_ = full;
  }
  if (!full) want_room(false);
}

}  // namespace bunshin
