#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/command_outcomes.h"
#include "bridge/wyoming_framer.h"
#include "handlers/buffered_dispatcher.h"
#include "reactor/timer.h"

namespace bunshin {

class WyomingClient;

/// What a Wyoming server and its clients share, so that any may go first. In the reactor's thread.
struct WyomingHall {
  /// Lets the robot hear `text`, and calls the function with what became of it, now or later.
  std::function<void(const std::string& text, CommandOutcomes::Done)> hear;
  std::vector<std::string> languages;  ///< told to those who ask what is here: "ja"
  std::uint64_t clients = 0;           ///< connected now
  std::uint64_t transcripts = 0;       ///< taken so far
  std::uint64_t errors = 0;            ///< clients that were no clients of the protocol
};

/// One client of the Wyoming protocol: another recogniser, or a voice assistant. It asks what is
/// here (`describe`, answered by `info`) and brings what was said (`transcript`, `recognize`),
/// which is answered by `handled` or `not-handled` in the order it came. Audio is not for us, and
/// refused. Owned by its reactor.
class WyomingClient : public BufferedDispatcher {
 public:
  WyomingClient(Reactor& reactor, StreamSocket socket, std::string name,
                std::shared_ptr<WyomingHall> hall);
  ~WyomingClient() override;

  void handle_read() override;
  bool readable() override { return !full_ && asked_.size() < kMostAsked; }
  void handle_full() override { full_ = true; }
  void handle_drained() override { full_ = false; }
  [[nodiscard]] bool owes() const override { return !asked_.empty() || BufferedDispatcher::owes(); }
  void handle_close() override;
  void handle_finish() override;

 private:
  /// It is not read before these are answered.
  static constexpr std::size_t kMostAsked = 16;
  /// A phrase whose answer is due.
  struct Asked {
    WyomingClient* client;  // null when it is gone
    std::string answer;     // empty: not yet
    TimePoint until;
  };
  void take(const WyomingEvent& event);
  void hear(const WyomingEvent& event);
  void answer();
  void time_passed();
  void refuse(std::string_view reason);
  [[nodiscard]] std::string info() const;

  const std::string name_;
  std::shared_ptr<WyomingHall> hall_;
  WyomingFramer framer_;
  std::deque<std::shared_ptr<Asked>> asked_;
  bool told_audio_ = false;
  bool full_ = false;  // it does not read
  Timer timer_{*this, &WyomingClient::time_passed};
};

/// Takes clients in. Owned by its reactor.
class WyomingServer : public Dispatcher {
 public:
  /// Listens at once. Throws std::system_error.
  WyomingServer(Reactor& reactor, const Endpoint& endpoint, std::shared_ptr<WyomingHall> hall);
  /// On a socket that listens already.
  WyomingServer(Reactor& reactor, UniqueFd listening, std::shared_ptr<WyomingHall> hall);
  void handle_accepted(StreamSocket socket, const SocketAddress& peer) override;

 private:
  std::shared_ptr<WyomingHall> hall_;
};

}  // namespace bunshin
