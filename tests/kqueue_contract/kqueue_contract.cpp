// What reactor/kqueue_engine.cpp relies on, asked of the system that this runs on: one question a
// row, with what is expected, what was found, and where it is written. No library is needed; on
// macOS or a BSD, in this folder:
//
//   c++ -std=c++20 -pthread -o kqueue_contract kqueue_contract.cpp && ./kqueue_contract
//
// The exit status is 0 when every answer is the expected one. On Linux the tests run it on the
// stand-in (tests/kqueue_shim).
//
// Sources, as cited below. man: kqueue(2) of FreeBSD 14, macOS 14, OpenBSD 7.8 and NetBSD 10, the
// section named. F: FreeBSD sys/kern, X: XNU bsd/kern, O: OpenBSD sys/kern, N: NetBSD sys/kern.

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

#ifdef __NetBSD__
constexpr bool kTellsTtyHangUps = false;  // N tty.c filt_ttyread, tty_pty.c filt_ptcread: no EV_EOF
#else
constexpr bool kTellsTtyHangUps = true;
#endif

using Change = struct kevent;

/// A descriptor that is closed at the end of its question.
struct Fd {
  int number;
  explicit Fd(int fd) : number(fd) {
    if (fd < 0) std::perror("kqueue_contract: a descriptor"), std::exit(2);
  }
  Fd(Fd&& other) noexcept : number(std::exchange(other.number, -1)) {}
  ~Fd() { close(); }
  void close() {
    if (number >= 0) ::close(number);
    number = -1;
  }
};

struct Pair {
  Fd watched;
  Fd peer;
};

Change change(int ident, int filter, unsigned flags, void* udata = nullptr) {
  Change made{};
  made.ident = static_cast<std::uintptr_t>(ident);
  made.filter = static_cast<decltype(made.filter)>(filter);
  made.flags = static_cast<decltype(made.flags)>(flags);
  made.udata = udata;
  return made;
}

const char* filter_name(const Change& event) {
  if (event.filter == static_cast<decltype(event.filter)>(EVFILT_READ)) return "READ";
  if (event.filter == static_cast<decltype(event.filter)>(EVFILT_WRITE)) return "WRITE";
  return "OTHER";
}

/// One queue a question.
class Queue {
 public:
  void apply(const Change& made) {
    if (::kevent(queue_.number, &made, 1, nullptr, 0, nullptr) != 0) error_ = errno;
  }
  void add(const Fd& fd, int filter, unsigned flags) { apply(change(fd.number, filter, flags)); }

  std::vector<Change> wait(int milliseconds) {
    const timespec limit{milliseconds / 1000, milliseconds % 1000 * 1'000'000L};
    std::vector<Change> events(16);
    const int count = ::kevent(queue_.number, nullptr, 0, events.data(), 16, &limit);
    if (count < 0) error_ = errno;
    events.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return events;
  }

  /// Waits until `filter` has said something: "READ", "READ eof", "READ eof error", or "nothing".
  std::string told(int filter, int milliseconds = 200) {
    for (const Change& event : wait(milliseconds)) {
      if (event.filter != static_cast<decltype(event.filter)>(filter)) continue;
      std::string text = filter_name(event);
      if ((event.flags & EV_ERROR) != 0) return text + " EV_ERROR";
      if ((event.flags & EV_EOF) == 0) return text;
      return text + (event.fflags != 0 ? " eof error" : " eof");
    }
    return "nothing";
  }
  /// The same, but of all that is told within a second, the first with the end.
  std::string end_told(int filter) {
    std::string last = "nothing";
    for (int tries = 0; tries < 5; ++tries) {
      const std::string now = told(filter);
      if (now != "nothing") last = now;
      if (now.find("eof") != std::string::npos) break;
    }
    return last;
  }

  [[nodiscard]] int number() const { return queue_.number; }
  [[nodiscard]] std::string error() const {
    return error_ == EPIPE ? "EPIPE" : error_ == 0 ? "taken" : "errno " + std::to_string(error_);
  }

 private:
  Fd queue_{::kqueue()};
  int error_ = 0;
};

sockaddr_in loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Fd tcp_listener(sockaddr_in& address) {
  Fd listener(::socket(AF_INET, SOCK_STREAM, 0));
  socklen_t length = sizeof address;
  ::bind(listener.number, reinterpret_cast<sockaddr*>(&address), length);
  ::listen(listener.number, 4);
  ::getsockname(listener.number, reinterpret_cast<sockaddr*>(&address), &length);
  return listener;
}

Pair tcp() {
  sockaddr_in address = loopback();
  const Fd listener = tcp_listener(address);
  Fd client(::socket(AF_INET, SOCK_STREAM, 0));
  ::connect(client.number, reinterpret_cast<sockaddr*>(&address), sizeof address);
  return {Fd(::accept(listener.number, nullptr, nullptr)), std::move(client)};
}

Pair unix_sockets() {
  std::array<int, 2> ends{};
  ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data());
  return {Fd(ends[0]), Fd(ends[1])};
}

Pair pipe_to_read() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::exit(2);
  return {Fd(ends[0]), Fd(ends[1])};
}

Pair pipe_to_write() {
  Pair ends = pipe_to_read();
  return {std::move(ends.peer), std::move(ends.watched)};
}

Fd open_slave(const Fd& master) { return Fd(::open(::ptsname(master.number), O_RDWR | O_NOCTTY)); }

Pair tty() {
  Fd master(::posix_openpt(O_RDWR | O_NOCTTY));
  ::grantpt(master.number);
  ::unlockpt(master.number);
  Fd slave = open_slave(master);
  termios raw{};
  ::tcgetattr(slave.number, &raw);
  ::cfmakeraw(&raw);
  ::tcsetattr(slave.number, TCSANOW, &raw);
  return {std::move(slave), std::move(master)};
}

Pair tty_master() {
  Pair ends = tty();
  return {std::move(ends.peer), std::move(ends.watched)};
}

void put(const Fd& fd, const std::string& text) {
  if (::write(fd.number, text.data(), text.size()) < 0) std::perror("write");
}

std::string take(const Fd& fd) {
  std::array<char, 65536> room{};
  ::fcntl(fd.number, F_SETFL, ::fcntl(fd.number, F_GETFL) | O_NONBLOCK);
  const ssize_t count = ::read(fd.number, room.data(), room.size());
  return {room.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

void fill(const Fd& fd) {
  ::fcntl(fd.number, F_SETFL, ::fcntl(fd.number, F_GETFL) | O_NONBLOCK);
  const std::string block(4096, 'x');
  for (int idle = 0; idle < 5; ++idle) {  // a terminal passes on, and has room again
    while (::write(fd.number, block.data(), block.size()) > 0) idle = 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void reset(Fd& fd) {
  const linger abort{1, 0};
  ::setsockopt(fd.number, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  fd.close();
}

using Make = Pair (*)();

/// "one then nothing then another": an edge a write, however much is left unread.
std::string edges_of(Make make) {
  Queue queue;
  const Pair ends = make();
  queue.add(ends.watched, EVFILT_READ, EV_ADD | EV_CLEAR);
  put(ends.peer, "a");
  std::string text = queue.told(EVFILT_READ);
  text += ", " + queue.told(EVFILT_READ, 20);
  put(ends.peer, "b");
  return text + ", " + queue.told(EVFILT_READ);
}

std::string room_of(Make make) {
  Queue queue;
  const Pair ends = make();
  queue.add(ends.watched, EVFILT_WRITE, EV_ADD | EV_CLEAR);
  std::string text = queue.told(EVFILT_WRITE);
  text += ", " + queue.told(EVFILT_WRITE, 20);
  fill(ends.watched);
  queue.wait(20);  // what filling let it say
  while (!take(ends.peer).empty()) {
  }
  return text + ", " + queue.told(EVFILT_WRITE);
}

std::string end_behind_data(Make make) {
  Queue queue;
  Pair ends = make();
  queue.add(ends.watched, EVFILT_READ, EV_ADD | EV_CLEAR);
  put(ends.peer, "data");
  ends.peer.close();
  const std::string text = queue.end_told(EVFILT_READ);
  return text + ", " + take(ends.watched);
}

std::string reset_behind_data() {
  Queue queue;
  Pair ends = tcp();
  put(ends.peer, "data");
  queue.add(ends.watched, EVFILT_READ, EV_ADD | EV_CLEAR);
  queue.add(ends.watched, EVFILT_WRITE, EV_ADD | EV_CLEAR);
  reset(ends.peer);
  return queue.end_told(EVFILT_READ);
}

/// `filter` alone is registered. SO_ERROR is asked when it has told.
std::string refused_connect(int filter) {
  sockaddr_in address = loopback();
  tcp_listener(address).close();  // nobody listens there now
  Queue queue;
  const Fd client(::socket(AF_INET, SOCK_STREAM, 0));
  ::fcntl(client.number, F_SETFL, O_NONBLOCK);
  ::connect(client.number, reinterpret_cast<sockaddr*>(&address), sizeof address);
  queue.add(client, filter, EV_ADD | EV_CLEAR);
  std::string text = queue.end_told(filter);
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(client.number, SOL_SOCKET, SO_ERROR, &error, &length);
  return text + (error == ECONNREFUSED ? ", ECONNREFUSED" : ", errno " + std::to_string(error));
}

std::string unconnected(int filter) {
  Queue queue;
  const Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
  queue.add(fd, filter, EV_ADD | EV_CLEAR);
  return queue.told(filter, 20);
}

std::string half_closed(int filter) {
  Queue queue;
  const Pair ends = tcp();
  ::shutdown(ends.peer.number, SHUT_WR);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  queue.add(ends.watched, filter, EV_ADD | EV_CLEAR);
  return queue.told(filter);
}

#ifdef NOTE_OOB
std::string urgent_byte() {
  Queue queue;
  const Pair ends = tcp();
  Change made = change(ends.watched.number, EVFILT_EXCEPT, EV_ADD | EV_CLEAR);
  made.fflags = NOTE_OOB;
  queue.apply(made);
  ::send(ends.peer.number, "!", 1, MSG_OOB);
  return queue.wait(200).empty() ? "nothing" : "told";
}
#endif

std::string reader_is_gone() {
  Queue queue;
  Pair ends = pipe_to_write();
  ends.peer.close();
  queue.add(ends.watched, EVFILT_WRITE, EV_ADD | EV_CLEAR);
  if (queue.error() != "taken") return queue.error() == "EPIPE" ? "refused or eof" : queue.error();
  return queue.told(EVFILT_WRITE) == "WRITE eof" ? "refused or eof" : "neither";
}

std::string hang_up(Make make) {
  Queue queue;
  Pair ends = make();
  queue.add(ends.watched, EVFILT_READ, EV_ADD | EV_CLEAR);
  ends.peer.close();
  return queue.told(EVFILT_READ);
}

std::string slave_comes_back() {
  Queue queue;
  Pair ends = tty_master();
  queue.add(ends.watched, EVFILT_READ, EV_ADD | EV_CLEAR);
  ends.peer.close();
  queue.wait(20);
  take(ends.watched);
  const Fd next = open_slave(ends.watched);
  queue.wait(20);
  put(next, "again");
  return queue.told(EVFILT_READ).substr(0, 4);  // FreeBSD's EV_EOF stays set
}

/// How rearm() works: no event after the first until EV_ENABLE, and then when there is room.
std::string dispatched() {
  Queue queue;
  const Pair ends = tty();
  queue.add(ends.watched, EVFILT_WRITE, EV_ADD | EV_CLEAR | EV_DISPATCH);
  std::string text = queue.told(EVFILT_WRITE);
  fill(ends.watched);
  take(ends.peer);
  text += ", " + queue.told(EVFILT_WRITE, 20);
  fill(ends.watched);
  queue.add(ends.watched, EVFILT_WRITE, EV_ENABLE);
  while (!take(ends.peer).empty()) {
  }
  return text + ", " + queue.told(EVFILT_WRITE);
}

std::string level() {
  Queue queue;
  const Pair ends = unix_sockets();
  queue.add(ends.watched, EVFILT_WRITE, EV_ADD | EV_DISABLE);
  std::string text = queue.told(EVFILT_WRITE, 20);
  for (int i = 0; i < 2; ++i) {
    queue.add(ends.watched, EVFILT_WRITE, EV_ENABLE);  // the second time it is enabled already
    text += ", " + queue.told(EVFILT_WRITE);
  }
  queue.add(ends.watched, EVFILT_WRITE, EV_DISABLE);
  return text + ", " + queue.told(EVFILT_WRITE, 20);
}

std::string closed_behind_its_back(bool duplicate) {
  Queue queue;
  Pair ends = unix_sockets();
  queue.add(ends.watched, EVFILT_READ, EV_ADD);
  const Fd copy(duplicate ? ::dup(ends.watched.number) : ::open("/dev/null", O_RDONLY));
  ends.watched.close();
  const Pair next = unix_sockets();  // takes the number
  put(next.peer, "x");
  if (duplicate) put(ends.peer, "x");
  return queue.told(EVFILT_READ, 20);
}

std::string receipts() {
  Queue queue;
  const Pair ends = unix_sockets();
  std::array<Change, 3> changes = {
      change(ends.watched.number, EVFILT_READ, EV_ADD | EV_RECEIPT),
      change(ends.watched.number, EVFILT_WRITE, EV_DELETE | EV_RECEIPT),
      change(ends.watched.number, EVFILT_WRITE, EV_ADD | EV_RECEIPT)};
  const int count = ::kevent(queue.number(), changes.data(), 3, changes.data(), 3, nullptr);
  std::string text = std::to_string(count) + ":";
  for (const Change& answer : changes) {
    text += (answer.flags & EV_ERROR) == 0 ? " none"
            : answer.data == ENOENT        ? " ENOENT"
            : answer.data == 0             ? " 0"
                                           : " other";
  }
  return text;
}

#ifdef EVFILT_USER
std::string user_event() {
  Queue queue;
  queue.apply(change(0, EVFILT_USER, EV_ADD | EV_CLEAR));
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    Change trigger = change(0, EVFILT_USER, 0);
    trigger.fflags = NOTE_TRIGGER;
    queue.apply(trigger);
  });
  std::string text = queue.wait(5000).empty() ? "nothing" : "woken";
  other.join();
  return text + (queue.wait(20).empty() ? ", once" : ", again");
}
#endif

std::string user_data() {
  Queue queue;
  const Pair ends = unix_sockets();
  // NOLINTNEXTLINE: a number is what we mean
  auto* const mark = reinterpret_cast<void*>(static_cast<std::uintptr_t>(0xfedcba9876543210u));
  queue.apply(change(ends.watched.number, EVFILT_WRITE, EV_ADD | EV_DISABLE, mark));
  queue.apply(change(ends.watched.number, EVFILT_WRITE, EV_ENABLE, mark));
  const auto events = queue.wait(200);
  return events.empty() ? "nothing" : events[0].udata == mark ? "all bits" : "other bits";
}

std::string timeouts() {
  using Clock = std::chrono::steady_clock;
  Queue queue;
  const auto before = Clock::now();
  queue.wait(20);
  std::string text = Clock::now() - before < std::chrono::milliseconds(20) ? "short" : "not short";
  const Pair ends = unix_sockets();
  queue.add(ends.watched, EVFILT_WRITE, EV_ADD);
  return text + (queue.wait(24 * 3600 * 1000).empty() ? ", a day refused" : ", a day taken");
}

struct Row {
  const char* question;
  std::string expected;
  std::function<std::string()> ask;
  const char* where;
};

const char* const kEdges = "READ, nothing, READ";
const char* const kRoom = "WRITE, nothing, WRITE";
const char* const kRefused = "eof error, ECONNREFUSED";

/// kevent's own promises, whatever is watched.
void ask_of_the_queue(std::vector<Row>& rows) {
  rows.push_back({"EV_RECEIPT answers each change, the refused one too", "3: 0 ENOENT 0", receipts,
                  "man EV_RECEIPT; F kern_event.c kqueue_kevent, X kevent_register, O "
                  "kqueue_register, N kevent1"});
  rows.push_back({"EV_ADD|EV_DISABLE is silent; EV_ENABLE, twice, tells as long as it lasts",
                  "nothing, WRITE, WRITE, nothing", level,
                  "man EV_DISABLE, EV_ENABLE; F kern_event.c kqueue_register, O the same"});
  rows.push_back({"udata comes back, all its bits, after another change with it", "all bits",
                  user_data,
                  "man udata; F kern_event.c kqueue_register; void* on NetBSD since 10"});
  rows.push_back({"a descriptor that was closed is watched no more", "nothing",
                  [] { return closed_behind_its_back(false); },
                  "man DESCRIPTION (close); F kern_event.c knote_fdclose, O, N the same"});
  rows.push_back({"not even when a duplicate of it is open", "nothing",
                  [] { return closed_behind_its_back(true); },
                  "the same: knotes belong to numbers"});
#ifdef EVFILT_USER
  rows.push_back({"EVFILT_USER: another thread wakes, once", "woken, once", user_event,
                  "man EVFILT_USER; since OpenBSD 7.8 and NetBSD 10, a pipe does it before"});
#endif
  rows.push_back({"a timeout is never short, and may be a day", "not short, a day taken", timeouts,
                  "man timeout; O kern_event.c: no limit of 24 hours since 6.6"});
}

void ask_of_sockets(std::vector<Row>& rows) {
  rows.push_back({"EV_CLEAR, reading TCP: an edge each arrival", kEdges,
                  [] { return edges_of(tcp); },
                  "man EV_CLEAR; F uipc_socket.c filt_soread, X, O, N the same"});
  rows.push_back({"EV_CLEAR, reading a unix socket", kEdges, [] { return edges_of(unix_sockets); },
                  "the same"});
  rows.push_back({"EV_CLEAR, writing TCP: when there is room again", kRoom,
                  [] { return room_of(tcp); }, "F uipc_socket.c filt_sowrite, X, O, N the same"});
  rows.push_back({"a socket that does not connect has nothing to read", "nothing",
                  [] { return unconnected(EVFILT_READ); }, "filt_soread: no bytes"});
  rows.push_back({"nor room to write", "nothing", [] { return unconnected(EVFILT_WRITE); },
                  "F filt_sowrite: PR_CONNREQUIRED; X socanwrite"});
  rows.push_back({"the end comes with the data before it", "READ eof, data",
                  [] { return end_behind_data(tcp); }, "man EVFILT_READ; F filt_soread: kn_data"});
  rows.push_back({"half closed: reading has ended", "READ eof",
                  [] { return half_closed(EVFILT_READ); }, "F filt_soread: SBS_CANTRCVMORE"});
  rows.push_back({"half closed: writing has not", "WRITE", [] { return half_closed(EVFILT_WRITE); },
                  "F filt_sowrite: SBS_CANTSENDMORE is not set"});
  rows.push_back({"a reset behind data is an end with an error", "READ eof error",
                  reset_behind_data,
                  "man EVFILT_READ (fflags); filt_soread: kn_fflags = so_error"});
  rows.push_back({"a refused connect is told for writing, and SO_ERROR is left to us",
                  std::string("WRITE ") + kRefused, [] { return refused_connect(EVFILT_WRITE); },
                  "filt_sowrite: kn_fflags = so_error (F, X, O, N), which only getsockopt clears"});
  rows.push_back({"and for reading", std::string("READ ") + kRefused,
                  [] { return refused_connect(EVFILT_READ); },
                  "F soisdisconnected calls socantrcvmore and socantsendmore; X, O, N too"});
#ifdef NOTE_OOB
  rows.push_back(
      {"out-of-band data is told by EVFILT_EXCEPT", "told", urgent_byte,
       "man EVFILT_EXCEPT, NOTE_OOB (macOS, OpenBSD 6.8); FreeBSD and NetBSD have none"});
#endif
}

void ask_of_pipes_and_ttys(std::vector<Row>& rows) {
  const auto eof_or = [](const char* other) { return kTellsTtyHangUps ? "READ eof" : other; };
  rows.push_back({"EV_CLEAR, reading a pipe", kEdges, [] { return edges_of(pipe_to_read); },
                  "F sys_pipe.c filt_piperead, O the same"});
  rows.push_back({"EV_CLEAR, writing a pipe", kRoom, [] { return room_of(pipe_to_write); },
                  "F sys_pipe.c filt_pipewrite, O the same"});
  rows.push_back({"a pipe's end comes with the data before it", "READ eof, data",
                  [] { return end_behind_data(pipe_to_read); }, "F filt_piperead: PIPE_EOF"});
  rows.push_back({"writing a pipe that nobody reads is refused, or has ended", "refused or eof",
                  reader_is_gone, "F sys_pipe.c pipe_kqfilter: EPIPE, O the same"});
  rows.push_back({"EV_CLEAR, reading a tty", kEdges, [] { return edges_of(tty); },
                  "F tty.c tty_kqops_read_event, X tty_ptmx.c ptsd_kqops_common, O tty.c "
                  "filt_ttyread, N the same"});
  rows.push_back({"EV_CLEAR, writing a tty", kRoom, [] { return room_of(tty); },
                  "F tty_kqops_write_event, O filt_ttywrite; serial ports of macOS may repeat it"});
  rows.push_back(
      {"EV_CLEAR, reading a pty's master", kEdges, [] { return edges_of(tty_master); },
       "F tty_pts.c pts_kqops_read_event, X ptmx_kqops_common, O tty_pty.c filt_ptcread"});
  rows.push_back({"EV_DISPATCH on a tty: silent until EV_ENABLE, then when there is room", kRoom,
                  dispatched, "man EV_DISPATCH; F kern_event.c kqueue_scan"});
  rows.push_back(
      {"a tty whose master is gone has ended", eof_or("nothing"), [] { return hang_up(tty); },
       "F tty_gone, TF_ZOMBIE; X TS_ZOMBIE; O TS_CARR_ON; N filt_ttyread has no EV_EOF"});
  rows.push_back({"a master whose slave is gone, too", eof_or("nothing"),
                  [] { return hang_up(tty_master); },
                  "F PTS_FINISHED; X TS_CONNECTED; O TS_CARR_ON; N filt_ptcread has no EV_EOF"});
  rows.push_back({"and is told of again when a slave is opened and writes", "READ",
                  slave_comes_back,
                  "F ptsdrv_open clears PTS_FINISHED; O filt_ptcread clears EV_EOF"});
}

std::vector<Row> rows() {
  std::vector<Row> all;
  ask_of_the_queue(all);
  ask_of_sockets(all);
  ask_of_pipes_and_ttys(all);
  return all;
}

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  int wrong = 0;
  std::printf("| | question | expected | got | where it is written |\n|---|---|---|---|---|\n");
  for (const Row& row : rows()) {
    const std::string got = row.ask();
    const bool right = got == row.expected;
    wrong += right ? 0 : 1;
    std::printf("| %s | %s | %s | %s | %s |\n", right ? "ok" : "DIFFERS", row.question,
                row.expected.c_str(), got.c_str(), row.where);
    std::fflush(stdout);
  }
  std::printf("\n%d answers differ\n", wrong);
  return wrong == 0 ? 0 : 1;
}
