#pragma once

namespace bunshin {

/// Sets a tty to a rate that termios(3) has no name for, such as 250000 or 74880, by the kernel's
/// struct termios2 and BOTHER; everything else stays as it is. 0, or errno: EINVAL when the driver
/// makes a rate of it that is off by more than 3 %, and on systems other than Linux, where the
/// number itself goes to cfsetspeed(3).
int set_custom_baud(int fd, int baud);

}  // namespace bunshin
