#include "reactor/serial_line.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "reactor/custom_baud.h"
#include "reactor/error.h"
#include "reactor/host.h"

namespace bunshin {
namespace {

struct Rate {
  int baud;
  speed_t constant;
};

// macOS and the BSDs take the number itself.
#ifdef __linux__
#define BUNSHIN_RATE(number) \
  { number, B##number }
#else
#define BUNSHIN_RATE(number) \
  { number, number }
#endif
constexpr Rate kRates[] = {
    BUNSHIN_RATE(50),      BUNSHIN_RATE(75),      BUNSHIN_RATE(110),     BUNSHIN_RATE(134),
    BUNSHIN_RATE(150),     BUNSHIN_RATE(200),     BUNSHIN_RATE(300),     BUNSHIN_RATE(600),
    BUNSHIN_RATE(1200),    BUNSHIN_RATE(1800),    BUNSHIN_RATE(2400),    BUNSHIN_RATE(4800),
    BUNSHIN_RATE(9600),    BUNSHIN_RATE(19200),   BUNSHIN_RATE(38400),   BUNSHIN_RATE(57600),
    BUNSHIN_RATE(115200),  BUNSHIN_RATE(230400),  BUNSHIN_RATE(460800),  BUNSHIN_RATE(500000),
    BUNSHIN_RATE(576000),  BUNSHIN_RATE(921600),  BUNSHIN_RATE(1000000), BUNSHIN_RATE(1152000),
    BUNSHIN_RATE(1500000), BUNSHIN_RATE(2000000), BUNSHIN_RATE(2500000), BUNSHIN_RATE(3000000),
    BUNSHIN_RATE(3500000), BUNSHIN_RATE(4000000)};
#undef BUNSHIN_RATE

const Rate* find_rate(std::int64_t baud) {
  for (const Rate& rate : kRates) {
    if (rate.baud == baud) return &rate;
  }
  return nullptr;
}

[[noreturn]] void fail(const std::string& device, int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      throw_sentence(error,
                     fmt::format("cannot open {}, no permission: add yourself to the dialout "
                                 "group (sudo usermod -aG dialout $USER) and log in again",
                                 device));
    case EBUSY:
    case EWOULDBLOCK:
      throw_sentence(EBUSY, fmt::format("{} is in use by another program", device));
    case ENOTTY:
    case EISDIR:
      throw_sentence(ENOTTY, fmt::format("{} is not a tty", device));
    case ENOENT:
    case ENXIO:
    case ENODEV:
    case EIO:  // a port the kernel knows and the machine has not
      throw_sentence(error, fmt::format("there is no such serial device as {}", device));
    default:
      throw_error(error, fmt::format("cannot use the serial device {}", device));
  }
}

termios raw_8n1(termios settings, const LineSettings& wanted) {
  ::cfmakeraw(&settings);
  settings.c_cflag &= static_cast<tcflag_t>(~(PARENB | CSTOPB | CSIZE | CRTSCTS));
  settings.c_cflag |= static_cast<tcflag_t>(CS8 | CREAD | CLOCAL);
  settings.c_iflag &= static_cast<tcflag_t>(~(IXOFF | IXANY | INPCK));
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  if (!wanted.hang_up_on_close) settings.c_cflag &= static_cast<tcflag_t>(~HUPCL);
#ifdef __linux__
  const Rate* rate = find_rate(wanted.baud);
  const speed_t speed = rate != nullptr ? rate->constant : B38400;  // set_custom_baud follows
#else
  const auto speed = static_cast<speed_t>(wanted.baud);
#endif
  ::cfsetispeed(&settings, speed);
  ::cfsetospeed(&settings, speed);
  return settings;
}

/// tcsetattr(3) succeeds when any of the changes could be made, so what came of it is asked for.
/// 0, or errno.
int apply(int fd, const termios& wanted) {
  termios got{};
  if (::tcsetattr(fd, TCSANOW, &wanted) != 0 || ::tcgetattr(fd, &got) != 0) return errno;
  const bool applied = ::cfgetospeed(&got) == ::cfgetospeed(&wanted) &&
                       (got.c_cflag & CSIZE) == CS8 && (got.c_lflag & (ICANON | ECHO)) == 0;
  return applied ? 0 : EINVAL;
}

int apply(int fd, const termios& before, const LineSettings& settings) {
  const int error = apply(fd, raw_8n1(before, settings));
#ifdef __linux__
  if (error == 0 && !is_standard_baud(settings.baud)) return set_custom_baud(fd, settings.baud);
#endif
  return error;
}

/// What a signal interrupts is tried again at once, but not for ever.
template <typename Call>
int uninterrupted(Call call) {
  constexpr int kTries = 100;
  int result = call();
  for (int tries = 1; result < 0 && errno == EINTR && tries < kTries; ++tries) result = call();
  return result;
}

class Tty final : public SerialLine {
 public:
  Tty(const std::string& device, const LineSettings& settings);
  ~Tty() override;
  [[nodiscard]] UniqueFd duplicate() const override { return kernel().duplicate(fd_.get()); }
  [[nodiscard]] int unsent() const override;

 private:
  UniqueFd fd_;
  termios before_{};
};

Tty::Tty(const std::string& device, const LineSettings& settings)
    : fd_(uninterrupted([&device] {
        return ::open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
      })) {
  if (!fd_) fail(device, errno);
  const int fd = fd_.get();
  // Asked first: a regular file or a FIFO would take the lock as well.
  if (uninterrupted([&] { return ::tcgetattr(fd, &before_); }) != 0)
    fail(device, errno == EINVAL ? ENOTTY : errno);
  if (uninterrupted([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) != 0) fail(device, errno);
  if (::tcgetattr(fd, &before_) != 0)
    fail(device, errno);  // the owner before may have left just now
  if (const int error = apply(fd, before_, settings)) {
    ::tcsetattr(fd, TCSANOW, &before_);
    throw_error(error, fmt::format("{} can not be set to {} baud, 8N1", device, settings.baud));
  }
  // Given back with it, DTR would be dropped after all.
  if (!settings.hang_up_on_close) before_.c_cflag &= static_cast<tcflag_t>(~HUPCL);
  ::ioctl(fd, TIOCEXCL);
  ::tcflush(fd, TCIFLUSH);  // what came before was for somebody else
}

/// TCSANOW and not TCSADRAIN, which waits for ever on a line that is stuck; whoever ends in order
/// asks unsent() first.
Tty::~Tty() {
  const int fd = fd_.get();
  ::tcsetattr(fd, TCSANOW, &before_);
  ::ioctl(fd, TIOCNXCL);
  ::flock(fd, LOCK_UN);  // it belongs to all duplicates: closing ours would not be enough
}

int Tty::unsent() const {
  int bytes = 0;
  return ::ioctl(fd_.get(), TIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

}  // namespace

bool is_standard_baud(std::int64_t baud) { return find_rate(baud) != nullptr; }

bool is_baud(std::int64_t baud) { return 1 <= baud && baud <= 20'000'000; }

std::unique_ptr<SerialLine> open_serial_line(const std::string& device,
                                             const LineSettings& settings) {
  return std::make_unique<Tty>(device, settings);
}

}  // namespace bunshin
