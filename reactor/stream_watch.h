#pragma once

#include <memory>

#include "reactor/reactor.h"
#include "reactor/standard_stream.h"

namespace bunshin {

/// While it lives, the loop of `reactor` writes what `stream` keeps as soon as there is room,
/// without keeping run() going. A terminal or a pipe is opened once more, because O_NONBLOCK must
/// not be set on what other processes share. One a stream, made and destroyed in the reactor's
/// thread; reactor and stream outlive it.
class StreamWatch {
 public:
  /// Throws std::bad_alloc. What can not be watched is written with the next line.
  StreamWatch(Reactor& reactor, StandardStream& stream);
  ~StreamWatch();
  StreamWatch(const StreamWatch&) = delete;
  StreamWatch& operator=(const StreamWatch&) = delete;

 private:
  friend class StandardStream;
  bool ask_for_room() noexcept;  // any thread, with the stream's lock held
  void want_room(bool wanted) noexcept;
  void room() noexcept;

  StandardStream& stream_;
  const std::shared_ptr<PostQueue> posts_;
  UniqueFd private_fd_;  // none: a socket, a file, or not to be had
  UniqueFd watched_fd_;
  Reactor::ForeignWatch* watch_ = nullptr;
  std::shared_ptr<StreamWatch*> self_;  // for what was posted: it may run later
};

}  // namespace bunshin
