#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "handlers/dispatcher.h"
#include "tools/load/load_generator.h"

namespace bunshin {

/// One connection of a LoadGenerator, which outlives it. Owned by the reactor. It begins with one
/// message, whose answer shows that the server serves it.
class LoadClient : public Dispatcher {
 public:
  LoadClient(LoadGenerator& generator, StreamSocket socket, std::size_t number);

  /// From now on there are always as many messages in flight as may be.
  void begin_loop();
  /// From now on it is told when a message is due.
  void begin_plan() { plan_began_ = allowed_; }
  /// The next message of the plan is due.
  void send_planned(TimePoint now);
  /// From now on every message has a connection of its own.
  void begin_churn(const SocketAddress& address);
  /// Calls `function` with the planned time of every message that is due and has no answer.
  template <typename Function>
  void for_each_unanswered(Function function) const {
    for (std::uint64_t message = answered_; message < allowed_; ++message) function(due(message));
  }

  void handle_connect() override { push(Clock::now()); }
  void handle_connect_error(int error) override;
  void handle_read() override;
  void handle_write() override { push(Clock::now()); }
  void handle_close() override;

 private:
  [[nodiscard]] TimePoint due(std::uint64_t message) const;
  [[nodiscard]] bool comes_back_right(std::string_view data) const;
  void push(TimePoint now);
  void take_answers(TimePoint now);
  void reconnect(TimePoint now);

  LoadGenerator& generator_;
  const SocketAddress* churn_ = nullptr;
  std::size_t number_;
  std::uint64_t origin_;       // where in the pattern its first byte stands
  std::uint64_t allowed_ = 1;  // messages that may be sent
  std::uint64_t begun_ = 0;    // messages whose first byte has left
  std::uint64_t answered_ = 0;
  std::uint64_t plan_began_ = 0;  // with which message
  std::uint64_t sent_bytes_ = 0;  // of all messages together
  std::uint64_t received_bytes_ = 0;
  std::vector<TimePoint> sent_;  // when message n began, at n modulo depth
  bool writing_ = false;         // handle_write is wanted
};

}  // namespace bunshin
