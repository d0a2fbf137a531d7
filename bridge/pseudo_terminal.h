#pragma once

#include <string>

#include "reactor/unique_fd.h"

namespace bunshin {

/// A pair of a pseudo-terminal: what one side writes the other reads. The slave is raw, so nothing
/// is echoed; kept open, it lets clients come and go without the master seeing a hang-up.
struct PseudoTerminal {
  UniqueFd master;
  UniqueFd slave;
  std::string path;  // of the slave

  /// Throws std::system_error.
  static PseudoTerminal make();
  /// Lets others open the slave again, after somebody who had it for himself (TIOCEXCL) was killed.
  void release() const;
};

}  // namespace bunshin
