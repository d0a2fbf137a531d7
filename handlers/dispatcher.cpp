#include "handlers/dispatcher.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "handlers/connect_race.h"
#include "handlers/unix_path.h"
#include "reactor/error.h"
#include "reactor/host.h"
#include "reactor/log.h"
#include "reactor/resolver.h"

namespace bunshin {

namespace {

void set_option(Host& host, int fd, SocketOption option, const char* what) {
  const int error = host.set_option(fd, option);
  if (error != 0) throw_error(error, fmt::format("cannot set {}", what));
}

/// What peers and networks do all day.
bool is_everyday(int error) {
  switch (error) {
    case 0:
    case ECONNRESET:
    case ECONNREFUSED:
    case ECONNABORTED:
    case EPIPE:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
      return true;
    default:
      return false;
  }
}

}  // namespace

struct Dispatcher::Setup {
  UniqueFd socket;  // made but not yet listening
  std::string text;
  std::optional<UnixPath> unix_path;
  // Of a client:
  std::shared_ptr<bool> wanted;  // false: nobody wants the answer of a look-up any more
  std::exception_ptr look_up_error;
  std::optional<ConnectRace> race;
  ~Setup() {
    if (wanted) *wanted = false;
  }
};

Dispatcher::Dispatcher(Reactor& reactor) : EventHandler(reactor) {}

Dispatcher::Dispatcher(Reactor& reactor, StreamSocket socket, Model model) : EventHandler(reactor) {
  reactor.add(*this, std::move(socket.fd), socket.kind, model);
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::create_socket(int family) {
  setup_ = std::make_unique<Setup>();
  setup_->socket = reactor().host().make_stream_socket(family);
  reactor().host().set_option(setup_->socket.get(), SocketOption::no_delay);
}

void Dispatcher::set_reuse_addr() {
  set_option(reactor().host(), setup_->socket.get(), SocketOption::reuse_addr, "SO_REUSEADDR");
}

void Dispatcher::set_reuse_port() {
  const int fd = descriptor() >= 0 ? descriptor() : setup_->socket.get();
  set_option(reactor().host(), fd, SocketOption::reuse_port, "SO_REUSEPORT");
}

void Dispatcher::bind(const SocketAddress& address) {
  setup_->text = address.to_string();
  const int fd = setup_->socket.get();
  if (!address.path().empty()) {
    setup_->unix_path.emplace(reactor().host(), fd, address);
  } else if (const int error = reactor().host().bind(fd, address); error != 0) {
    throw_error(error, "cannot listen on " + setup_->text);
  }
}

void Dispatcher::listen(int backlog) {
  const int error = reactor().host().listen(setup_->socket.get(), backlog);
  if (error != 0) throw_error(error, "cannot listen on " + setup_->text);
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

void Dispatcher::listen_on(UniqueFd listening) {
  reactor().add(*this, std::move(listening), Kind::listener);
}

SocketAddress Dispatcher::local_address() const {
  return reactor().host().local_name(descriptor());
}

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
  setup_->wanted = std::make_shared<bool>(true);
  look_up(reactor(), endpoint, [this, wanted = setup_->wanted](const LookUp& found) {
    if (*wanted && !closed()) try_addresses(found);
  });
}

void Dispatcher::try_addresses(const LookUp& found) {
  setup_->look_up_error = found.error;
  if (found.error) return reactor().connect_failed(*this, EHOSTUNREACH);
  setup_->race.emplace(reactor(), found.addresses, [this](StreamSocket socket, int error) {
    if (!closed()) race_ended(std::move(socket), error);
  });
  setup_->race->start();
}

void Dispatcher::race_ended(StreamSocket socket, int error) {
  if (socket.fd) {
    try {
      return reactor().add_connected(*this, std::move(socket));
    } catch (const std::system_error& failure) {
      error = failure.code().value();
    }
  }
  reactor().connect_failed(*this, error);
}

void Dispatcher::handle_connect_error(int error) {
  if (!setup_) throw_error(error, "cannot connect");  // to an address that was given to the reactor
  if (setup_->look_up_error) std::rethrow_exception(setup_->look_up_error);
  throw_error(error, "cannot connect to " + setup_->text);
}

void Dispatcher::handle_close() {
  tell_loss();
  EventHandler::handle_close();
}

void Dispatcher::tell_loss() const {
  if (connected() && !is_everyday(error())) {
    log(LogLevel::warning, "a connection was lost: {}", error_text(error()));
  }
}

void Dispatcher::disconnect() {
  if (setup_ && setup_->wanted) setup_.reset();
  EventHandler::disconnect();
}

}  // namespace bunshin
