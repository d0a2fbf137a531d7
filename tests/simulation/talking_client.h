#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "handlers/buffered_dispatcher.h"
#include "reactor/timer.h"
#include "tests/simulation/run.h"

namespace bunshin::simulation {

/// A client of an echo server, which knows what has to come back: byte `index` of all that it sends
/// is its own.
class TalkingClient : public BufferedDispatcher {
 public:
  enum class Ending : std::uint8_t {
    reads_all,        ///< ends sending, and reads to the end
    waits_all,        ///< reads what it has sent, and closes then
    closes_politely,  ///< BufferedDispatcher::close_when_done as soon as all is said
    vanishes          ///< closes in the middle
  };
  struct Plan {
    std::uint32_t messages = 1;
    std::uint32_t bytes = 1;  ///< of each
    bool at_once = false;     ///< does not wait for an answer before the next
    Ending ending = Ending::reads_all;
    std::size_t most_read = SIZE_MAX;  ///< bytes a recv
    Duration rest{};                   ///< reads nothing for so long after each read
    bool refuses = false;              ///< by readable(), and not by pause_reading()
    Duration begins{};                 ///< connects after so long
    bool throws = false;               ///< or else throws, which is nobody else's business
  };
  static Plan draw_plan(Run& run, std::uint32_t most_messages, std::uint32_t most_bytes);

  /// Those who are still there, and what the others have missed.
  struct Ledger {
    const World& world;
    std::size_t left = 0;
    std::string wrong = {};
  };

  TalkingClient(Reactor& reactor, const Endpoint& server, Plan plan, Ledger& ledger);
  ~TalkingClient() override;

  bool readable() override { return !resting_; }
  void handle_connect() override;
  void handle_connect_error(int error) override;
  void handle_read() override;
  void handle_close() override;
  void handle_full() override {}
  void handle_drained() override {}

 private:
  [[nodiscard]] std::string missed() const;
  [[nodiscard]] std::size_t total() const { return std::size_t{plan_.messages} * plan_.bytes; }
  [[nodiscard]] char byte(std::size_t index) const;
  void begin();
  void say();
  void take(std::string_view data);
  void rest();
  void rest_is_over();

  const Endpoint server_;
  Ledger& ledger_;
  const std::size_t number_;
  const Plan plan_;
  SocketAddress name_;
  std::size_t said_ = 0;
  std::size_t heard_ = 0;
  bool resting_ = false;
  bool refused_ = false;
  bool ended_well_ = false;
  std::string wrong_;
  Timer begin_timer_{*this, &TalkingClient::begin};
  Timer rest_timer_{*this, &TalkingClient::rest_is_over};
};

}  // namespace bunshin::simulation
