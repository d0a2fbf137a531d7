#include "handlers/chat.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "reactor/log.h"

namespace bunshin {

namespace {

/// client1 of the course sends what was typed without a line end.
constexpr auto kRestIsLine = std::chrono::milliseconds(200);

}  // namespace

ChatHandler::ChatHandler(Reactor& reactor, StreamSocket socket, std::shared_ptr<ChatRoom> room)
    : LineHandler(reactor, std::move(socket)), room_(std::move(room)) {
  room_->push_back(this);
}

ChatHandler::~ChatHandler() { leave(); }

void ChatHandler::handle_read() {
  LineHandler::handle_read();
  if (closed() || collected().empty()) {
    rest_timer_.cancel();
  } else {
    rest_timer_.arm(kRestIsLine);
  }
}

void ChatHandler::say(std::string_view line) {
  std::string text(line);
  text += '\n';
  // Backwards: a client that is dropped for being slow takes itself out of the room.
  for (std::size_t index = room_->size(); index-- > 0;) (*room_)[index]->send(text);
}

void ChatHandler::say_rest() {
  if (!collected().empty()) say(take_collected());
}

void ChatHandler::handle_full() {
  log(LogLevel::warning, "a chat client does not read: dropped with {} bytes unsent", buffered());
  leave();
  close();
}

void ChatHandler::handle_close() {
  say_rest();
  // What it said last is owed to it as well, when it only ended sending.
  leave();
  close_when_done();
}

void ChatHandler::leave() { std::erase(*room_, this); }

ChatServer::ChatServer(Reactor& reactor, const Endpoint& endpoint) : Dispatcher(reactor) {
  listen_on(endpoint);
}

void ChatServer::handle_accepted(StreamSocket socket, const SocketAddress&) {
  reactor().emplace<ChatHandler>(std::move(socket), room_);
}

}  // namespace bunshin
