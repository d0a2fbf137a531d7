// A file of its own: <asm/termbits.h> and <termios.h> define the same names.
#include "reactor/custom_baud.h"

#ifdef __linux__
#include <asm/termbits.h>
#include <sys/ioctl.h>
#endif

#include <cerrno>
#include <cstdlib>

namespace bunshin {

#ifdef __linux__

int set_custom_baud(int fd, int baud) {
  termios2 settings{};
  if (::ioctl(fd, TCGETS2, &settings) != 0) return errno;
  settings.c_cflag &= ~static_cast<tcflag_t>(CBAUD | (CBAUD << IBSHIFT));
  settings.c_cflag |= BOTHER | (BOTHER << IBSHIFT);
  settings.c_ispeed = settings.c_ospeed = static_cast<speed_t>(baud);
  if (::ioctl(fd, TCSETS2, &settings) != 0 || ::ioctl(fd, TCGETS2, &settings) != 0) return errno;
  // A driver answers with what its divisor comes to. A UART bears an error of some 4 % in all.
  const long off = std::labs(static_cast<long>(settings.c_ospeed) - baud);
  return off * 100 <= baud * 3L ? 0 : EINVAL;
}

#else

int set_custom_baud(int /*fd*/, int /*baud*/) { return EINVAL; }

#endif

}  // namespace bunshin
