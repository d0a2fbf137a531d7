// Drives an echo server so that what the server does can be counted exactly. A free client and
// the server race: how many messages one wait of the server finds depends on the scheduler. Here
// the server is stopped (SIGSTOP) while all connections send, goes on (SIGCONT), and all answers
// are read before it is stopped again. So every wait finds the same, on any machine, at any load.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t kMessage = 64;
constexpr int kWarmUp = 3000;  // messages, so that whatever pool of buffers there is has been used
constexpr unsigned kTimeLimit = 60;  // seconds, for everything
constexpr auto kLooksEvery = std::chrono::microseconds(50);

pid_t started = -1;  // the server, or strace with the server as its child

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "lockstep: %s\n", what.c_str());
  if (started > 0) ::kill(-started, SIGKILL);
  std::_Exit(1);
}

[[noreturn]] void die_with_errno(const std::string& what) {
  die(what + ": " + std::strerror(errno));
}

/// Field `number` (from 1, as in proc(5)) of /proc/PID/stat, from the third on.
std::string process_field(pid_t pid, int number) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  std::size_t at = text.rfind(')');  // the second field may hold anything
  if (at == text.npos) return {};
  for (; number > 2; --number) at = text.find(' ', at + 1);
  return text.substr(at + 1, text.find(' ', at + 1) - at - 1);
}

/// The only child of `parent`, or `parent` when it has none.
pid_t child_of(pid_t parent) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0 && process_field(pid, 4) == std::to_string(parent)) return pid;
  }
  return parent;
}

class Server {
 public:
  explicit Server(char** command) {
    int ends[2];
    if (::pipe(ends) != 0) die_with_errno("pipe");
    started = ::fork();
    if (started == 0) {
      ::setpgid(0, 0);  // so that die() gets strace and its child
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      ::execvp(command[0], command);
      std::_Exit(127);
    }
    ::close(ends[1]);
    read_address(ends[0]);
    pid_ = child_of(started);
  }

  /// Waits until the server has nothing to do: it sleeps, and it only ever does so waiting.
  void await_idle() const { await("S"); }

  void stop() const {
    await_idle();
    ::kill(pid_, SIGSTOP);
    await("Tt");  // t: stopped, and traced
  }
  void go_on() const { ::kill(pid_, SIGCONT); }

  /// Ends the server. It has to end well.
  void end() const {
    ::kill(pid_, SIGTERM);
    int status = 0;
    if (::waitpid(started, &status, 0) != started) die_with_errno("waitpid");
    if (status != 0) die("the server ended badly, with status " + std::to_string(status));
  }

  /// Lets callgrind, which runs the server, write down its counts, and kills both: valgrind 3.19
  /// does not know that io_uring_enter(2) waits, so a signal to end would never arrive.
  void dump() const {
    const std::string command = "vgdb --pid=" + std::to_string(pid_) + " dump >&2";
    if (std::system(command.c_str()) != 0) die("vgdb failed");
    ::kill(pid_, SIGKILL);
    ::waitpid(started, nullptr, 0);
  }

  int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) die_with_errno("socket");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto* name = reinterpret_cast<const sockaddr*>(&address_);
    if (::connect(fd, name, sizeof address_) != 0) die_with_errno("connect");
    return fd;
  }

  /// Bytes of memory in use that are the process's own: heap and anonymous mappings.
  std::size_t own_bytes() const {
    await_idle();
    std::ifstream file("/proc/" + std::to_string(pid_) + "/smaps");
    std::size_t kilobytes = 0;
    bool own = false;
    for (std::string line; std::getline(file, line);) {
      char name[256] = "";
      unsigned long inode = 0;
      unsigned long size = 0;
      if (std::sscanf(line.c_str(), "%*x-%*x %*s %*x %*s %lu %255s", &inode, name) >= 1) {
        own = inode == 0 && (*name == '\0' || std::string_view(name) == "[heap]");
      } else if (own && (std::sscanf(line.c_str(), "Rss: %lu", &size) == 1 ||
                         std::sscanf(line.c_str(), "Swap: %lu", &size) == 1)) {
        kilobytes += size;
      }
    }
    return kilobytes * 1024;
  }

 private:
  void read_address(int output) {
    constexpr std::string_view kBefore = "listening on 127.0.0.1:";
    std::string said;
    char byte = 0;
    while (::read(output, &byte, 1) == 1 && byte != '\n') said += byte;
    if (!said.starts_with(kBefore)) die("the server said \"" + said + "\"");
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address_.sin_port = htons(static_cast<std::uint16_t>(std::atoi(said.c_str() + kBefore.size())));
  }

  void await(std::string_view states) const {
    for (;;) {
      const std::string state = process_field(pid_, 3);
      if (state.empty() || state == "Z") die("the server is gone");
      if (states.find(state) != states.npos) return;
      ::usleep(std::chrono::microseconds(kLooksEvery).count());
    }
  }

  sockaddr_in address_{};
  pid_t pid_ = -1;
};

void send_message(int fd) {
  const std::string message(kMessage, 'x');
  if (::send(fd, message.data(), kMessage, MSG_NOSIGNAL) != ssize_t{kMessage}) {
    die_with_errno("send");
  }
}

void read_answer(int fd) {
  char answer[kMessage];
  if (::recv(fd, answer, kMessage, MSG_WAITALL) != ssize_t{kMessage} ||
      std::count(answer, answer + kMessage, 'x') != ssize_t{kMessage}) {
    die("an answer is wrong");
  }
}

void read_end(int fd) {
  char byte = 0;
  if (::recv(fd, &byte, 1, 0) != 0) die("the server did not end the connection");
  ::close(fd);
}

std::vector<int> connect_all(const Server& server, int connections) {
  std::vector<int> fds;
  for (int index = 0; index < connections; ++index) fds.push_back(server.connect());
  return fds;
}

/// Every connection sends one message and gets it back, `rounds` times.
void echo(const Server& server, int connections, int rounds) {
  server.stop();
  const auto fds = connect_all(server, connections);
  server.go_on();
  for (; rounds > 0; --rounds) {
    server.stop();
    std::ranges::for_each(fds, send_message);
    server.go_on();
    std::ranges::for_each(fds, read_answer);
  }
  server.stop();
  std::ranges::for_each(fds, ::close);
  server.go_on();
  server.await_idle();
}

/// Every member of a chat says one line, and hears what all have said, `rounds` times.
void say(const Server& server, int connections, int rounds) {
  const std::string line = std::string(kMessage - 1, 'x') + '\n';
  server.stop();
  const auto fds = connect_all(server, connections);
  server.go_on();
  for (; rounds > 0; --rounds) {
    server.stop();
    for (const int fd : fds) {
      if (::send(fd, line.data(), kMessage, MSG_NOSIGNAL) != ssize_t{kMessage}) {
        die_with_errno("send");
      }
    }
    server.go_on();
    for (const int fd : fds) {
      std::string heard(kMessage * fds.size(), '\0');
      if (::recv(fd, heard.data(), heard.size(), MSG_WAITALL) != std::ssize(heard) ||
          std::ranges::count(heard, '\n') != std::ssize(fds)) {
        die("a line is missing");
      }
    }
  }
  server.stop();
  std::ranges::for_each(fds, ::close);
  server.go_on();
  server.await_idle();
}

/// `connections` at once connect, echo one message and part in good order, `rounds` times.
void visit(const Server& server, int connections, int rounds) {
  for (; rounds > 0; --rounds) {
    server.stop();
    const auto fds = connect_all(server, connections);
    std::ranges::for_each(fds, send_message);
    server.go_on();
    std::ranges::for_each(fds, read_answer);
    server.stop();
    for (const int fd : fds) ::shutdown(fd, SHUT_WR);
    server.go_on();
    std::ranges::for_each(fds, read_end);
  }
}

/// Prints what each of so many connections costs that have echoed once and are silent since.
void idle(const Server& server, int connections) {
  const int first = server.connect();
  for (int message = 0; message < kWarmUp; ++message) {
    send_message(first);
    read_answer(first);
  }
  const std::size_t before = server.own_bytes();
  const auto fds = connect_all(server, connections);
  std::ranges::for_each(fds, send_message);
  std::ranges::for_each(fds, read_answer);
  const std::size_t growth = server.own_bytes() - before;
  std::printf("%.1f\n", static_cast<double>(growth) / connections);
  std::ranges::for_each(fds, ::close);
  ::close(first);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fputs(
        "usage: lockstep echo|visit|say|idle|dump CONNECTIONS ROUNDS SERVER [ARGUMENT...]\n"
        "SERVER prints \"listening on 127.0.0.1:PORT\", and may be run by strace; with dump,\n"
        "which is echo otherwise, it is run by callgrind and killed in the end.\n",
        stderr);
    return 2;
  }
  const std::string_view mode = argv[1];
  const int connections = std::atoi(argv[2]);
  const int rounds = std::atoi(argv[3]);
  std::signal(SIGALRM, [](int) { die("not done in time"); });
  ::alarm(kTimeLimit);
  const Server server(argv + 4);
  if (mode == "echo" || mode == "dump") echo(server, connections, rounds);
  if (mode == "visit") visit(server, connections, rounds);
  if (mode == "say") say(server, connections, rounds);
  if (mode == "idle") idle(server, connections);
  if (mode == "dump") {
    server.dump();
  } else {
    server.end();
  }
}
