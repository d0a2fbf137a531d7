#include "bridge/share.h"

#include <algorithm>
#include <utility>

#include "reactor/log.h"
#include "reactor/printable.h"

namespace bunshin {
namespace {

constexpr std::size_t kMostOwed = std::size_t{1} << 20;      // to one
constexpr std::size_t kMostOwedAll = std::size_t{64} << 20;  // to all together

}  // namespace

void ShareRoom::join(ShareClient& client) {
  client.begin(whole_);
  clients_.push_back(&client);
}

void ShareRoom::leave(ShareClient& client) { std::erase(clients_, &client); }

/// Backwards, because a client that is dropped leaves meanwhile.
void ShareRoom::engine_said(const JuliusBytes& said) {
  for (std::size_t left = clients_.size(); left-- > 0;) {
    ShareClient& client = *clients_[left];
    if (client.in_step()) {
      client.send(said.bytes);
    } else if (said.first_end) {
      client.begin(true);
      client.send(said.bytes.substr(*said.first_end));
    }
  }
  whole_ = said.whole;
}

void ShareRoom::engine_lost() {
  if (std::exchange(whole_, true)) return;
  std::size_t let_go = 0;
  for (std::size_t left = clients_.size(); left-- > 0;) {
    ShareClient& client = *clients_[left];
    if (client.in_step()) {
      leave(client);
      client.close_when_done();
      ++let_go;
    }
    client.begin(true);  // what comes next begins a message
  }
  if (let_go == 0) return;
  log(LogLevel::warning,
      "Julius went away within a message: {} listeners that had its beginning "
      "are disconnected",
      let_go);
}

ShareClient::ShareClient(Reactor& reactor, StreamSocket socket, std::string name,
                         std::shared_ptr<ShareRoom> room)
    : LineHandler(reactor, std::move(socket)), name_(std::move(name)), room_(std::move(room)) {
  room_->join(*this);
}

ShareClient::~ShareClient() {
  room_->leave(*this);
  if (refused_ > 1) {
    log(LogLevel::info, "of the listener at {}, which has left, {} commands were not sent", name_,
        refused_);
  }
}

void ShareClient::found_terminator(std::string_view line) {
  auto command = reader_.take(line);
  if (!command) return;
  if (!room_->control_allowed()) {
    return refuse(*command, "share.allow_control = true would allow it");
  }
  const std::string name = printable(*command, 40);
  if (room_->command(std::move(*command))) {
    log(LogLevel::debug, "the listener at {} sends {} to Julius", name_, name);
  } else {
    refuse(name, "Julius is away, or too many commands wait");
  }
}

/// No command is that long, so this is none. What follows up to the line's end is one more.
void ShareClient::handle_overlong() { refuse("a line of more than 64 KiB", "it is no command"); }

/// One line a listener: it may send a thousand.
void ShareClient::refuse(std::string_view command, std::string_view reason) {
  if (refused_++ > 0) return;
  log(LogLevel::warning, "the listener at {} wants to send {} to Julius, which is refused: {}",
      name_, printable(command, 40), reason);
}

void ShareClient::handle_full() {
  log(LogLevel::warning, "the listener at {} does not read: dropped with {} bytes unsent", name_,
      buffered());
  room_->count_dropped();
  room_->leave(*this);
  close();
}

void ShareClient::handle_finish() {
  room_->leave(*this);
  close_when_done();
}

Watermarks ShareClient::watermarks() const {
  const std::size_t high =
      std::min(kMostOwed, kMostOwedAll / std::max<std::size_t>(room_->size(), 1));
  return {high, high / 4};
}

ShareServer::ShareServer(Reactor& reactor, const Endpoint& endpoint,
                         std::shared_ptr<ShareRoom> room)
    : Dispatcher(reactor), room_(std::move(room)) {
  listen_on(endpoint);
}

ShareServer::ShareServer(Reactor& reactor, UniqueFd listening, std::shared_ptr<ShareRoom> room)
    : Dispatcher(reactor), room_(std::move(room)) {
  listen_on(std::move(listening));
}

void ShareServer::handle_accepted(StreamSocket socket, const SocketAddress& peer) {
  reactor().emplace<ShareClient>(std::move(socket), peer.to_string(), room_);
  log(LogLevel::debug, "a listener has come from {}, there are {} now", peer.to_string(),
      room_->size());
}

}  // namespace bunshin
