#include "handlers/dispatcher.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "reactor/error.h"
#include "reactor/resolver.h"
#include "reactor/sockets.h"

namespace bunshin {

namespace {

/// The path a server is bound to, removed with it unless somebody else has taken it over.
class UnixPath {
 public:
  explicit UnixPath(std::string path) : path_(std::move(path)), made_(identity()) {}
  UnixPath(const UnixPath&) = delete;
  UnixPath& operator=(const UnixPath&) = delete;
  ~UnixPath() {
    if (identity() == made_) ::unlink(path_.c_str());
  }

 private:
  struct Identity {
    ino_t inode = 0;
    std::filesystem::file_time_type made;  // a number that became free is soon used again
    bool operator==(const Identity&) const = default;
  };
  [[nodiscard]] Identity identity() const {
    struct stat status {};
    std::error_code ignored;
    if (::stat(path_.c_str(), &status) != 0) return {};
    return {status.st_ino, std::filesystem::last_write_time(path_, ignored)};
  }

  std::string path_;
  Identity made_;
};

void set_option(int fd, int option, const char* what) {
  const int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, option, &on, sizeof on) != 0) {
    throw_error(errno, fmt::format("cannot set {}", what));
  }
}

/// Whether a unix socket is there on which nobody listens: left behind by a server that crashed.
bool left_behind(const SocketAddress& address) {
  struct stat status {};
  if (::stat(address.path().c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const UniqueFd probe = make_stream_socket(AF_UNIX);
  return ::connect(probe.get(), address.data(), address.size()) != 0 && errno == ECONNREFUSED;
}

}  // namespace

struct Dispatcher::Setup {
  UniqueFd socket;  // made but not yet listening
  std::string text;
  std::optional<UnixPath> unix_path;
  std::vector<SocketAddress> addresses;  // still to be tried
  std::shared_ptr<bool> looking_up;      // false: nobody wants the answer any more
  std::exception_ptr look_up_error;
  ~Setup() {
    if (looking_up) *looking_up = false;
  }
};

Dispatcher::Dispatcher(Reactor& reactor) : EventHandler(reactor) {}

Dispatcher::Dispatcher(Reactor& reactor, StreamSocket socket, Model model)
    : EventHandler(reactor) {
  reactor.add(*this, std::move(socket.fd), socket.kind, model);
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::create_socket(int family) {
  setup_ = std::make_unique<Setup>();
  setup_->socket = make_stream_socket(family);
  if (family != AF_UNIX) set_no_delay(setup_->socket.get());
}

void Dispatcher::set_reuse_addr() { set_option(setup_->socket.get(), SO_REUSEADDR, "SO_REUSEADDR"); }

void Dispatcher::set_reuse_port() { set_option(setup_->socket.get(), SO_REUSEPORT, "SO_REUSEPORT"); }

void Dispatcher::bind(const SocketAddress& address) {
  setup_->text = address.to_string();
  const int fd = setup_->socket.get();
  int result = ::bind(fd, address.data(), address.size());
  if (result != 0 && errno == EADDRINUSE && address.family() == AF_UNIX && left_behind(address)) {
    ::unlink(address.path().c_str());
    result = ::bind(fd, address.data(), address.size());
  }
  if (result != 0) throw_error(errno, "cannot listen on " + setup_->text);
  if (address.family() == AF_UNIX) setup_->unix_path.emplace(address.path());
}

void Dispatcher::listen(int backlog) {
  if (::listen(setup_->socket.get(), backlog) != 0) {
    throw_error(errno, "cannot listen on " + setup_->text);
  }
  reactor().add(*this, std::move(setup_->socket), Kind::listener);
}

void Dispatcher::listen_on(const Endpoint& endpoint, bool share_port) {
  const auto addresses = endpoint.look_up();
  for (std::size_t index = 0;; ++index) {
    try {
      create_socket(addresses.at(index).family());
      set_reuse_addr();
      if (share_port) set_reuse_port();
      bind(addresses[index]);
      return listen();
    } catch (const std::system_error&) {
      if (index + 1 == addresses.size()) throw;
    }
  }
}

SocketAddress Dispatcher::local_address() const { return SocketAddress::local_of(descriptor()); }

std::string Dispatcher::address_text() const {
  return setup_ && !setup_->text.empty() ? setup_->text : local_address().to_string();
}

void Dispatcher::handle_accept() {
  Accepted accepted = reactor().accept(*this);
  if (accepted) handle_accepted(std::move(accepted.socket), accepted.peer);
}

void Dispatcher::handle_accepted(StreamSocket, const SocketAddress&) {}

void Dispatcher::connect(const Endpoint& endpoint) {
  setup_ = std::make_unique<Setup>();
  setup_->text = endpoint.to_string();
  setup_->looking_up = std::make_shared<bool>(true);
  look_up(reactor(), endpoint, [this, wanted = setup_->looking_up](const LookUp& found) {
    if (!*wanted || closed()) return;
    setup_->addresses.assign(found.addresses.rbegin(), found.addresses.rend());
    setup_->look_up_error = found.error;
    reactor().connect_failed(*this, EHOSTUNREACH);  // none has been tried: on to the first
  });
}

void Dispatcher::handle_connect_error(int error) {
  if (!setup_) throw_error(error, "cannot connect");  // to an address that was given to the reactor
  while (!setup_->addresses.empty()) {
    const SocketAddress address = setup_->addresses.back();
    setup_->addresses.pop_back();
    try {
      return reactor().connect(*this, address);
    } catch (const std::system_error& failure) {
      error = failure.code().value();
    }
  }
  if (setup_->look_up_error) std::rethrow_exception(setup_->look_up_error);
  throw_error(error, "cannot connect to " + setup_->text);
}

}  // namespace bunshin
