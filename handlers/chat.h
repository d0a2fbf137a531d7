#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "handlers/client_limits.h"
#include "handlers/line_handler.h"
#include "reactor/timer.h"

namespace bunshin {

class ChatHandler;

struct ChatOptions {
  ClientLimits limits;
  /// So many bytes of what was said may be kept for those who are behind.
  std::size_t most_owed = 32 * 1024 * 1024;
  /// A client that is behind, and takes nothing for so long, does not read.
  Duration patience = std::chrono::seconds(5);
  Model model = Model::remembered;  ///< how clients are served
};

/// Who is in a chat. Shared by the server and its clients, so that either may go first.
class ChatRoom {
 public:
  explicit ChatRoom(const ChatOptions& options)
      : options_(options), kept_(std::make_shared<std::size_t>(0)) {}

  [[nodiscard]] const ChatOptions& options() const { return options_; }
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  void set_model(Model model) { options_.model = model; }
  void join(ChatHandler& member) { members_.push_back(&member); }
  void leave(ChatHandler& member) { std::erase(members_, &member); }
  /// Sends `text` to everybody, at the end of the round, with what else is said in it. When more
  /// than ChatOptions::most_owed is kept then, those are dropped who have been behind for longest.
  void say(std::string text);
  /// Bytes of text that somebody has not been sent yet.
  [[nodiscard]] std::size_t kept() const { return *kept_; }

 private:
  ChatOptions options_;
  std::vector<ChatHandler*> members_;
  std::shared_ptr<std::size_t> kept_;  // the texts may outlive the room
};

/// One client of a chat server: the lines it says go to everybody in the room, itself included. A
/// remainder without a line end counts as a line after 200 ms, or at the end of file.
///
/// No client slows the others. One that is behind with reading what it is sent is not read from
/// meanwhile. It is dropped when nothing more can be sent to it for ChatOptions::patience, or when
/// the room owes too much and it has been behind for longest.
class ChatHandler : public LineHandler {
 public:
  ChatHandler(Reactor& reactor, StreamSocket socket, std::shared_ptr<ChatRoom> room,
              ClientPlace place);
  ~ChatHandler() override;

  /// Somebody has said `text`.
  void hear(const SharedText& text);
  /// Since when it has always been owed something. REQUIRES: buffered() > 0.
  [[nodiscard]] TimePoint behind_since() const { return behind_since_; }
  void drop(std::string_view reason);

  void found_terminator(std::string_view line) override;
  void handle_read() override;
  void handle_write() override;
  void handle_full() override;
  void handle_drained() override;
  void handle_close() override;
  [[nodiscard]] Watermarks watermarks() const override { return {64 * 1024, 16 * 1024}; }

 private:
  void say_rest();
  void say();
  void drop_unread();

  std::shared_ptr<ChatRoom> room_;
  ClientPlace place_;
  IdleTimeout idle_;
  std::string said_;  // the lines of this turn
  TimePoint behind_since_{};
  Timer rest_timer_{*this, &ChatHandler::say_rest};
  Timer unread_timer_{*this, &ChatHandler::drop_unread};
};

/// The chat server. Owned by its reactor.
class ChatServer : public Dispatcher {
 public:
  ChatServer(Reactor& reactor, const Endpoint& endpoint, const ChatOptions& options = {});
  void handle_accepted(StreamSocket socket, const SocketAddress& peer) override;
  /// How clients are served that come from now on.
  void set_model(Model model) { room_->set_model(model); }
  [[nodiscard]] std::size_t clients() const { return room_->size(); }

 private:
  std::shared_ptr<ChatRoom> room_;
  ClientPlaces places_;
};

}  // namespace bunshin
