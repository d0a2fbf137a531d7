// Chapter 7: a chat. What one says everybody hears, and nobody waits for those who do not listen.

#include <cstdio>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "handlers/line_handler.h"

using namespace bunshin;

// [room]
class Member;

struct Room {
  void say(std::string_view text);
  std::set<Member*> members;
  // ja: 読まない客を、いつまでも待つ。
  // en: Waits for ever for those who do not read.
  bool patient = false;
};
// [/room]

// [member]
class Member : public LineHandler {
 public:
  Member(Reactor& reactor, StreamSocket socket, Room& room)
      : LineHandler(reactor, std::move(socket)), room_(room) {
    room_.members.insert(this);
  }
  ~Member() override { room_.members.erase(this); }

  void found_terminator(std::string_view line) override {
    room_.say(std::string(line).append("\n"));
  }
  void handle_full() override {
    if (!room_.patient) close();
  }

 private:
  Room& room_;
};

void Room::say(std::string_view text) {
  for (Member* member : members) member->send(text);
}
// [/member]

// [server]
class ChatServer : public Dispatcher {
 public:
  ChatServer(Reactor& reactor, const Endpoint& endpoint, Room& room)
      : Dispatcher(reactor), room_(room) {
    listen_on(endpoint);
  }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    reactor().emplace<Member>(std::move(socket), room_);
  }

 private:
  Room& room_;
};
// [/server]

// chat_server [ADDRESS [patient]]
int main(int argc, char** argv) {
  const Endpoint endpoint = Endpoint::parse(argc > 1 ? argv[1] : "127.0.0.1:9876");
  Room room;
  room.patient = argc > 2 && std::string_view(argv[2]) == "patient";
  Reactor reactor;
  const auto& server = reactor.emplace<ChatServer>(endpoint, room);
  std::printf("listening on %s\n", server.local_address().to_string().c_str());
  std::fflush(stdout);
  reactor.run();
  return 0;
}
