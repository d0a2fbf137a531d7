#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "handlers/buffered_dispatcher.h"
#include "handlers/file_dispatcher.h"

namespace bunshin::loop {

/// Somebody the reader plays, beside the server: a client, Julius, a robot. Owned by the figure,
/// and outlives its handler.
struct Actor {
  std::string name;
  std::string state = "connecting";  ///< connecting, connected, ended (by the other side), gone
  std::string heard;                 ///< the last of it
  std::size_t heard_bytes = 0;
  BufferedDispatcher* handler = nullptr;  ///< null when it has none any more

  void hear(std::string_view bytes) {
    constexpr std::size_t kShown = 2000;
    heard_bytes += bytes.size();
    heard.append(bytes);
    if (heard.size() > kShown) heard.erase(0, heard.size() - kShown);
  }
};

/// What an actor does with its descriptor: it keeps what it hears.
template <typename Base>
class Playing : public Base {
 public:
  template <typename... Args>
  Playing(Reactor& reactor, Actor& actor, Args&&... args)
      : Base(reactor, std::forward<Args>(args)...), actor_(actor) {
    actor_.handler = this;
    if (this->connected()) actor_.state = "connected";
  }
  ~Playing() override {
    if (actor_.handler == this) actor_.handler = nullptr;
  }

  void handle_connect() override { actor_.state = "connected"; }
  void handle_connect_error(int) override {
    actor_.state = "gone";
    this->close();
  }
  void handle_read() override { actor_.hear(this->recv()); }
  /// It may talk faster than the other side reads: the reader decides when it stops.
  void handle_full() override {}
  void handle_drained() override {}
  void handle_close() override {
    actor_.state = "ended";
    actor_.handler = nullptr;
    this->close();
  }

 private:
  Actor& actor_;
};

using Client = Playing<BufferedDispatcher>;
using Device = Playing<FileDispatcher>;

}  // namespace bunshin::loop
