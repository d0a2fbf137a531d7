#pragma once

#include "handlers/buffered_dispatcher.h"

namespace bunshin {

/// A descriptor that came from elsewhere, 0 to 2 above all, and that other processes may share.
struct Inherited {
  int fd;
};

/// asyncore.file_dispatcher: a tty, a pipe, a regular file, an inherited descriptor, in the same
/// reactor as the sockets. Owned by its reactor, in whose thread all members are called.
///
/// Regular files and /dev/null are always ready. A tty that hung up is a failure with EIO; the
/// master of a pseudo-terminal waits for the next one who opens the slave.
class FileDispatcher : public BufferedDispatcher {
 public:
  /// Owns `fd` and sets O_NONBLOCK on it. Throws std::system_error, for a directory too.
  FileDispatcher(Reactor& reactor, UniqueFd fd, Model model = Model::remembered);
  /// Uses a duplicate, or opens the same thing again, so that O_NONBLOCK, which would outlive this
  /// process, is never set on what others share. The original stays open. Throws std::system_error.
  FileDispatcher(Reactor& reactor, Inherited inherited);
  /// Closes, and logs nothing: that a tty hangs up, with EIO, is nothing unusual.
  void handle_close() override { close(); }
};

}  // namespace bunshin
