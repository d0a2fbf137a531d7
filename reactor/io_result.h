#pragma once

#include <cstddef>
#include <cstdint>

namespace bunshin {

/// What an operation on a descriptor came to. A value.
enum class IoStatus : std::uint8_t {
  done,         ///< `bytes` were moved, and there may be more
  exhausted,    ///< `bytes` (perhaps 0) were moved, and there is no more until the next edge
  end_of_file,  ///< the peer will send no more
  failed,       ///< `error` says why; handle_close follows after the running callback
  later         ///< of a Medium only, handlers see `exhausted`: the reactor tries again in a moment
};

struct IoResult {
  std::size_t bytes = 0;
  IoStatus status = IoStatus::done;
  int error = 0;  ///< errno, when failed
};

}  // namespace bunshin
