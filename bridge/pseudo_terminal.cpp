#include "bridge/pseudo_terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "reactor/error.h"

namespace bunshin {

PseudoTerminal PseudoTerminal::make() {
  PseudoTerminal pair;
  pair.master.reset(::posix_openpt(O_RDWR | O_NOCTTY));
  const int master = pair.master.get();
  if (master < 0 || ::fcntl(master, F_SETFD, FD_CLOEXEC) != 0 || ::grantpt(master) != 0 ||
      ::unlockpt(master) != 0) {
    throw_error(errno, "cannot make a pseudo-terminal");
  }
  pair.path = ::ptsname(master);
  pair.slave.reset(::open(pair.path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios settings{};
  if (!pair.slave || ::tcgetattr(pair.slave.get(), &settings) != 0) {
    throw_error(errno, "cannot make a pseudo-terminal");
  }
  ::cfmakeraw(&settings);
  ::tcsetattr(pair.slave.get(), TCSANOW, &settings);
  return pair;
}

void PseudoTerminal::release() const { ::ioctl(slave.get(), TIOCNXCL); }

}  // namespace bunshin
