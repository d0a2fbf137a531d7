#include "bridge/reconnecting_client.h"

#include <exception>
#include <system_error>
#include <utility>

#include "reactor/broken.h"
#include "reactor/error.h"
#include "reactor/host.h"
#include "reactor/log.h"

namespace bunshin {

ReconnectingClient::ReconnectingClient(Reactor& reactor, Endpoint endpoint, std::string name,
                                       Backoff::Limits retry)
    : BufferedDispatcher(reactor),
      endpoint_(std::move(endpoint)),
      name_(std::move(name)),
      retry_(*this, retry, &ReconnectingClient::try_to_connect) {
  connect(endpoint_);
}

void ReconnectingClient::try_to_connect() {
  try {
    connect(endpoint_);
  } catch (const std::system_error& error) {  // no thread to look the name up in
    reason_ = error.what();
    handle_close();
  }
}

void ReconnectingClient::use(const Endpoint& endpoint) {
  if (endpoint.to_string() == endpoint_.to_string()) return;
  endpoint_ = endpoint;
  disconnect();
  state_ = State::unknown;
  if (std::exchange(accepted_, false)) handle_disconnected();
  retry_.try_at_once();
}

void ReconnectingClient::handle_connect() {
  accepted_ = true;
  retry_.succeeded();
  reactor().host().set_option(descriptor(), SocketOption::keep_alive);
  if (connected_when_accepted()) tell_connected();
  handle_connected();
}

void ReconnectingClient::tell_connected() {
  if (std::exchange(state_, State::connected) == State::connected) return;
  log(LogLevel::info, "connected to {} at {}", name_, endpoint_.to_string());
}

/// A connect that failed, or a callback that threw: handle_close follows.
void ReconnectingClient::handle_error() {
  try {
    throw;
  } catch (const std::exception& error) {
    reason_ = error.what();
  } catch (...) {
    reason_ = "unknown reason";
  }
}

void ReconnectingClient::handle_close() {
  if (finishing_) return close();
  std::string reason = std::exchange(reason_, {});
  if (reason.empty()) reason = error() != 0 ? error_text(error()) : "it ended the connection";
  const State before = std::exchange(state_, State::away);
  const bool accepted = std::exchange(accepted_, false);
  disconnect();
  const auto level = before == State::away ? LogLevel::debug : LogLevel::warning;
  if (before == State::connected) {
    log(LogLevel::warning, "lost {} at {}: {}; trying again", name_, endpoint_.to_string(), reason);
  } else if (accepted) {
    log(level, "{} at {} took the connection and said nothing: {}; trying again", name_,
        endpoint_.to_string(), reason);
  } else {
    log(level, "cannot reach {}: {}; trying again", name_, reason);
  }
  if (accepted) handle_disconnected();
  if (!broken("reconnect")) retry_.schedule();
}

/// The peer reads the end of file and not a reset: Julius does not ignore SIGPIPE.
void ReconnectingClient::handle_finish() {
  finishing_ = true;
  close_when_done();
}

}  // namespace bunshin
