#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/bridge.h"
#include "bridge/julius_command.h"
#include "handlers/line_handler.h"

namespace bunshin {

class ShareClient;

/// Who listens to the engine through us: what it says goes to all of them byte for byte. Who comes
/// later hears on from the beginning of the next message. Shared by the server, its clients and
/// whoever has the bridge tell it, so that any may go first. In the reactor's thread.
class ShareRoom : public BridgeObserver {
 public:
  /// Brings a command to the engine; false when it can not take one now.
  using Command = std::function<bool(std::string)>;

  explicit ShareRoom(Command command) : command_(std::move(command)) {}

  /// Whether listeners may send commands to the engine.
  void allow_control(bool allowed) { control_ = allowed; }
  [[nodiscard]] bool control_allowed() const { return control_; }
  /// REQUIRES: control_allowed().
  bool command(std::string text) { return command_(std::move(text)); }

  void join(ShareClient& client);
  void leave(ShareClient& client);
  [[nodiscard]] std::size_t size() const { return clients_.size(); }
  /// Listeners that were let go because they did not read.
  [[nodiscard]] std::size_t dropped_clients() const { return dropped_clients_; }
  void count_dropped() { ++dropped_clients_; }

  void engine_said(const JuliusBytes& said) override;
  /// Listeners that have part of a message are let go: nothing can complete it.
  void engine_lost() override;

 private:
  Command command_;
  bool control_ = false;
  bool whole_ = true;  // what was said so far is whole messages
  std::vector<ShareClient*> clients_;
  std::size_t dropped_clients_ = 0;
};

/// One listener. It is dropped when too much waits for it: what it missed would leave it with half
/// a message, and keeping it would cost the others their memory. Owned by its reactor.
class ShareClient : public LineHandler {
 public:
  ShareClient(Reactor& reactor, StreamSocket socket, std::string name,
              std::shared_ptr<ShareRoom> room);
  ~ShareClient() override;

  /// `whole`: what it is given now begins a message.
  void begin(bool whole) { in_step_ = in_step_ || whole; }
  [[nodiscard]] bool in_step() const { return in_step_; }

  void found_terminator(std::string_view line) override;
  void handle_overlong() override;
  void handle_full() override;
  void handle_drained() override {}
  void handle_finish() override;
  /// 1 MiB, or less when so many listen that 64 MiB would wait for all together.
  [[nodiscard]] Watermarks watermarks() const override;

 private:
  void refuse(std::string_view command, std::string_view reason);

  const std::string name_;
  std::shared_ptr<ShareRoom> room_;
  JuliusCommandReader reader_;
  bool in_step_ = false;
  std::size_t refused_ = 0;
};

/// Takes listeners in. Owned by its reactor.
class ShareServer : public Dispatcher {
 public:
  /// Listens at once. Throws std::system_error.
  ShareServer(Reactor& reactor, const Endpoint& endpoint, std::shared_ptr<ShareRoom> room);
  /// On a socket that listens already.
  ShareServer(Reactor& reactor, UniqueFd listening, std::shared_ptr<ShareRoom> room);
  void handle_accepted(StreamSocket socket, const SocketAddress& peer) override;

 private:
  std::shared_ptr<ShareRoom> room_;
};

}  // namespace bunshin
