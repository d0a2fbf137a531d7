// The sorts of descriptors that are served by plain system calls, on every engine alike.

#include "reactor/medium.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "reactor/sockets.h"
#include "reactor/unique_fd.h"

namespace bunshin {

namespace {

/// A blocking descriptor that poll(2) calls writable takes this much without blocking (pipe(7)).
constexpr std::size_t kBlockingWrite = 512;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

bool ready_now(int fd, short events) {
  pollfd entry{fd, events, 0};
  const int count = ::poll(&entry, 1, 0);
  if (count == 0) errno = EAGAIN;
  return count > 0;
}

/// What a system call that moved `count` bytes, or failed with errno, came to.
IoResult moved(ssize_t count) {
  if (count >= 0) return {static_cast<std::size_t>(count), IoStatus::done, 0};
  const int error = errno;
  if (error == EINTR) return {};
  if (would_block(error)) return {0, IoStatus::exhausted, 0};
  if (error == ENOBUFS || error == ENOMEM) return {0, IoStatus::later, error};
  return {0, IoStatus::failed, error};
}

class None : public Medium {
 public:
  std::string_view receive(int, std::span<char>, IoResult& result) override {
    result = {0, IoStatus::failed, EBADF};
    return {};
  }
  IoResult send(int, std::string_view) override { return {0, IoStatus::failed, EBADF}; }
  void close(int) noexcept override {}
};

class Foreign final : public None {
 public:
  [[nodiscard]] bool unseen() const override { return true; }
};

class Stream final : public Medium {
 public:
  std::string_view receive(int fd, std::span<char> room, IoResult& result) override {
    result = received(::recv(fd, room.data(), room.size(), MSG_DONTWAIT));
    return {room.data(), result.bytes};
  }
  IoResult send(int fd, std::string_view data) override {
    return sent(::send(fd, data.data(), data.size(), kSendFlags));
  }
  IoResult send_texts(int fd, std::span<const SharedText> texts, std::size_t start) override {
    if (texts.size() == 1) return send(fd, std::string_view(*texts.front()).substr(start));
    std::array<iovec, kMostTexts> pieces;  // only those that are used are set
    std::size_t count = 0;
    for (const SharedText& text : texts) {
      // sendmsg(2) reads only.
      pieces[count++] = {const_cast<char*>(text->data()) + start, text->size() - start};
      start = 0;
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(count);
    return sent(::sendmsg(fd, &message, kSendFlags));
  }
  [[nodiscard]] std::size_t most_texts() const override { return kMostTexts; }
  bool shut_down(int fd) noexcept override {
    ::shutdown(fd, SHUT_WR);  // ENOTCONN: the peer was quicker, nothing is left to end
    return true;
  }
  [[nodiscard]] bool is_socket() const override { return true; }
};

/// A tty that gives nothing: hung up, the user's end of file, or nothing at all (VMIN=0).
IoResult tty_end(int fd, int error) {
  // Nobody holds the other side now; whoever opens it next makes this side readable again.
  if (error == EIO && is_tty_master(fd)) return {0, IoStatus::exhausted, 0};
  termios settings{};
  if (error != 0 || ::tcgetattr(fd, &settings) != 0) return {0, IoStatus::failed, EIO};
  if ((settings.c_lflag & ICANON) != 0) return {0, IoStatus::end_of_file, 0};
  return {0, IoStatus::exhausted, 0};
}

IoResult file_end(int fd, int error) {
  // isatty(3) says no, with EIO, of a tty that hung up.
  if (::isatty(fd) != 0 || errno == EIO) return tty_end(fd, error);
  return error == 0 ? IoResult{0, IoStatus::end_of_file, 0} : IoResult{0, IoStatus::failed, error};
}

class File : public Medium {
 public:
  std::string_view receive(int fd, std::span<char> room, IoResult& result) override {
    const ssize_t count = ::read(fd, room.data(), room.size());
    const int error = count == 0 ? 0 : errno;
    result = count == 0 || (count < 0 && error == EIO) ? file_end(fd, error) : moved(count);
    return {room.data(), result.bytes};
  }
  IoResult send(int fd, std::string_view data) override {
    return sent(::write(fd, data.data(), data.size()));
  }
  [[nodiscard]] OtherSide other_side(int fd) const override {
    if (!is_tty_master(fd)) return OtherSide::ends;
    pollfd entry{fd, 0, 0};
    const bool away = ::poll(&entry, 1, 0) > 0 && (entry.revents & POLLHUP) != 0;
    return away ? OtherSide::away : OtherSide::there;
  }
  [[nodiscard]] HangUp hung_up(int fd, bool failed) const override {
    if ((::fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) return HangUp::ended;
    if (failed || !is_tty_master(fd)) return HangUp::ask;
    // A master whose slave nobody reads. When somebody opens the slave and reads, there is room.
    pollfd entry{fd, POLLOUT, 0};
    const bool full = ::poll(&entry, 1, 0) >= 0 && (entry.revents & POLLOUT) == 0;
    return full ? HangUp::full : HangUp::ask;
  }
};

class BlockingFile final : public File {
 public:
  std::string_view receive(int fd, std::span<char> room, IoResult& result) override {
    if (ready_now(fd, POLLIN)) return File::receive(fd, room, result);
    result = moved(-1);
    return {};
  }
  IoResult send(int fd, std::string_view data) override {
    return ready_now(fd, POLLOUT) ? File::send(fd, data.substr(0, kBlockingWrite)) : moved(-1);
  }
};

class RegularFile final : public File {
 public:
  std::string_view receive(int fd, std::span<char> room, IoResult& result) override {
    const auto data = File::receive(fd, room, result);
    // No engine would tell when there is more.
    if (result.status == IoStatus::exhausted) result.status = IoStatus::later;
    return data;
  }
  [[nodiscard]] bool always_ready() const override { return true; }
};

}  // namespace

IoResult Medium::received(ssize_t count) {
  return count == 0 ? IoResult{0, IoStatus::end_of_file, 0} : moved(count);
}

IoResult Medium::sent(ssize_t count) {
  // It took nothing and did not say why. Asking again at once might not end, and no engine will
  // tell when it is worth it: the descriptor was ready all the time.
  return count == 0 ? IoResult{0, IoStatus::later, 0} : moved(count);
}

int Medium::accept(int listener, sockaddr* peer, socklen_t* length) noexcept {
  return accept_nonblocking(listener, peer, length);
}

void Medium::close(int fd) noexcept { UniqueFd(fd).reset(); }

Medium& medium_of(Sort sort) {
  static None none;
  static Stream stream;
  static File file;
  static BlockingFile blocking_file;
  static RegularFile regular_file;
  static Foreign foreign;
  switch (sort) {
    case Sort::stream:
      return stream;
    case Sort::file:
      return file;
    case Sort::blocking_file:
      return blocking_file;
    case Sort::regular_file:
      return regular_file;
    case Sort::foreign:
      return foreign;
    case Sort::none:
    case Sort::carried:
      break;
  }
  return none;
}

}  // namespace bunshin
