#include "handlers/chat.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "reactor/broken.h"
#include "reactor/log.h"

namespace bunshin {

namespace {

/// client1 of the course sends what was typed without a line end.
constexpr auto kRestIsLine = std::chrono::milliseconds(200);

bool owed_longer(const ChatHandler* one, const ChatHandler* other) {
  if ((one->buffered() > 0) != (other->buffered() > 0)) return one->buffered() > 0;
  return one->behind_since() < other->behind_since();
}

/// What somebody has said, which counts as kept as long as there is one who has not been sent it.
class Said {
 public:
  Said(std::string text, std::shared_ptr<std::size_t> kept)
      : text_(std::move(text)), kept_(std::move(kept)) {
    *kept_ += text_.size();
  }
  Said(const Said&) = delete;
  Said& operator=(const Said&) = delete;
  ~Said() { *kept_ -= text_.size(); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::shared_ptr<std::size_t> kept_;
};

}  // namespace

void ChatRoom::say(std::string text) {
  {
    const auto said = std::make_shared<const Said>(std::move(text), kept_);
    const SharedText shared(said, &said->text());
    const auto members = members_;  // one that fails to hear it leaves
    for (ChatHandler* member : members) member->hear(shared);
  }
  while (kept() > options_.most_owed && !members_.empty() && !broken("owed")) {
    ChatHandler& oldest = **std::min_element(members_.begin(), members_.end(), owed_longer);
    if (oldest.buffered() == 0) break;  // what is kept is owed to such as have left
    oldest.drop("is behind the others");
  }
}

ChatHandler::ChatHandler(Reactor& reactor, StreamSocket socket, std::shared_ptr<ChatRoom> room,
                         ClientPlace place)
    : LineHandler(reactor, std::move(socket), room->options().model),
      room_(std::move(room)),
      place_(std::move(place)),
      idle_(*this, room_->options().limits.idle_timeout) {
  room_->join(*this);
}

ChatHandler::~ChatHandler() { room_->leave(*this); }

void ChatHandler::hear(const SharedText& text) {
  if (buffered() == 0) behind_since_ = reactor().now();
  send_corked(text);
}

void ChatHandler::handle_read() {
  idle_.heard();
  LineHandler::handle_read();
  say();
  if (closed() || collected().empty()) {
    rest_timer_.cancel();
  } else {
    rest_timer_.arm(kRestIsLine);
  }
}

void ChatHandler::found_terminator(std::string_view line) {
  said_.reserve(said_.size() + line.size() + 1);  // all of it or nothing
  said_.append(line) += '\n';
}

/// All at once: a thousand short lines cost each of the others one send.
void ChatHandler::say() {
  if (!said_.empty()) room_->say(std::exchange(said_, {}));
}

void ChatHandler::say_rest() {
  if (!collected().empty()) found_terminator(take_collected());
  say();
}

void ChatHandler::handle_write() {
  const std::size_t before = buffered();
  LineHandler::handle_write();
  if (buffered() < before && unread_timer_.armed()) unread_timer_.arm(room_->options().patience);
}

void ChatHandler::handle_full() {
  LineHandler::handle_full();
  if (broken("patience")) return drop("does not read");
  unread_timer_.arm(room_->options().patience);
}

void ChatHandler::handle_drained() {
  unread_timer_.cancel();
  LineHandler::handle_drained();
}

void ChatHandler::drop_unread() { drop("does not read"); }

void ChatHandler::drop(std::string_view reason) {
  log(LogLevel::warning, "a chat client {}: dropped with {} bytes unsent", reason, buffered());
  room_->leave(*this);
  disconnect();  // lets go of the texts at once
  close();
}

void ChatHandler::handle_close() {
  tell_loss();
  say_rest();
  // What it said last is owed to it as well, when it only ended sending.
  room_->leave(*this);
  close_when_done();
}

ChatServer::ChatServer(Reactor& reactor, const Endpoint& endpoint, const ChatOptions& options)
    : Dispatcher(reactor),
      room_(std::make_shared<ChatRoom>(options)),
      places_(*this, options.limits.most) {
  listen_on(endpoint);
}

void ChatServer::handle_accepted(StreamSocket socket, const SocketAddress&) {
  reactor().emplace<ChatHandler>(std::move(socket), room_, places_.take());
}

}  // namespace bunshin
