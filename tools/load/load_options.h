#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>

namespace bunshin {

/// What `bunshin load` is asked to do.
struct LoadOptions {
  std::size_t connections = 1;
  std::size_t size = 64;        ///< bytes of a message
  std::size_t depth = 1;        ///< messages in flight a connection, at most
  double seconds = 5;           ///< measured
  double warmup = 1;            ///< not measured, before that
  double rate = 0;              ///< messages planned a second, all connections together; 0: no plan
  bool churn = false;           ///< connect, one message, close; again
  std::size_t idle = 0;         ///< connections besides that say nothing
  std::size_t spread = 1;       ///< source addresses: 127.0.0.1, 127.0.0.2, ...
  bool text = false;            ///< letters and digits, not bytes of all values
  bool busy = false;            ///< never sleeps: polls
  std::optional<pid_t> server;  ///< the server's process, to be watched

  /// Throws std::invalid_argument with a sentence for the user.
  void check() const;
};

}  // namespace bunshin
