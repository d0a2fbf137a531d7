#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "handlers/line_handler.h"
#include "reactor/timer.h"

namespace bunshin {

class ChatHandler;

/// Who is in the chat. Shared by the server and its clients, so that either may go first.
using ChatRoom = std::vector<ChatHandler*>;

/// One client of a chat server: what it says goes to everybody in the room, itself included. A
/// remainder without a line end counts as a line after 200 ms, or at the end of file. A client that
/// does not read what the others say is dropped when its buffer is full: it never slows the others.
class ChatHandler : public LineHandler {
 public:
  ChatHandler(Reactor& reactor, StreamSocket socket, std::shared_ptr<ChatRoom> room);
  ~ChatHandler() override;

  void found_terminator(std::string_view line) override { say(line); }
  void handle_read() override;
  void handle_full() override;
  void handle_close() override;
  [[nodiscard]] Watermarks watermarks() const override { return {1024 * 1024, 0}; }

 private:
  void say(std::string_view line);
  void say_rest();
  void leave();

  std::shared_ptr<ChatRoom> room_;
  Timer rest_timer_{*this, &ChatHandler::say_rest};
};

/// The chat server. Owned by its reactor.
class ChatServer : public Dispatcher {
 public:
  ChatServer(Reactor& reactor, const Endpoint& endpoint);
  void handle_accepted(StreamSocket socket, const SocketAddress& peer) override;
  [[nodiscard]] std::size_t clients() const { return room_->size(); }

 private:
  std::shared_ptr<ChatRoom> room_ = std::make_shared<ChatRoom>();
};

}  // namespace bunshin
