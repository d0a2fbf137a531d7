#include "handlers/client_limits.h"

#include "reactor/broken.h"

namespace bunshin {

IdleTimeout::IdleTimeout(EventHandler& client, Duration limit)
    : limit_(limit), timer_(client, &EventHandler::close) {
  heard();
}

void IdleTimeout::heard() {
  if (limit_ > Duration::zero()) timer_.arm(limit_);
}

bool ClientPlace::give_back() {
  const auto server = server_.lock();
  if (!server) return false;
  server_.reset();
  ++server->free;
  if (!broken("places")) server->listener.resume_reading();
  return true;
}

ClientPlaces::ClientPlaces(EventHandler& listener, std::size_t most) {
  if (most > 0)
    server_ = std::make_shared<ClientPlace::Server>(ClientPlace::Server{listener, most});
}

ClientPlace ClientPlaces::take() {
  if (!server_) return {};
  if (--server_->free == 0) server_->listener.pause_reading();
  return ClientPlace(server_);
}

}  // namespace bunshin
