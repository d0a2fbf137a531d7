#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/block_framer.h"
#include "bridge/julius_message.h"
#include "bridge/reconnecting_client.h"
#include "bridge/text_decoder.h"

namespace bunshin {

/// Bytes of the engine as they came, cut anywhere. The view is lent for the call it is given to.
struct JuliusBytes {
  std::string_view bytes;
  std::optional<std::size_t> first_end;  ///< of the first message that ends in them, "." included
  bool whole = false;                    ///< whether the last message ends with them
};

/// A client of Julius' module mode: hands out what the engine says, message by message, and brings
/// commands to it. Connects for ever. Owned by its reactor, in whose thread all members are called.
class JuliusClient : public ReconnectingClient {
 public:
  /// `encoding`: see TextDecoder, which throws std::invalid_argument.
  JuliusClient(Reactor& reactor, Endpoint endpoint, const std::string& encoding,
               Backoff::Limits retry = {});

  /// Sends `line` (without a line end) when those before have been answered, or some time after:
  /// the engine asks select(2) but reads with stdio, so that a second command in one segment waits
  /// unread until more bytes come. False, and nothing is sent, without a connection and when 64
  /// wait already. What waits when the connection ends is dropped with it.
  bool command(std::string line);

  /// For what arrives from now on; throws as the constructor does, and the one before stays.
  void set_encoding(const std::string& encoding);

  /// Blocks that were no message: too long, not XML.
  [[nodiscard]] std::size_t skipped() const { return skipped_; }
  /// Messages of which a part could not be read: a character, or the last hypotheses.
  [[nodiscard]] std::size_t damaged() const { return damaged_; }

  void handle_read() override;

 protected:
  virtual void handle_message(const JuliusMessage& message) = 0;
  /// The same once more as it came, after the messages that end in it.
  virtual void handle_bytes(const JuliusBytes& /*said*/) {}
  void handle_disconnected() override;

 private:
  void take(const BlockFramer::Block& block);
  void skip(std::string_view reason);
  void damage(std::string_view reason);
  void tell_loss(std::string_view what, std::string_view reason);
  void send_command();
  void command_done();

  BlockFramer framer_;
  std::unique_ptr<TextDecoder> decoder_;
  std::size_t skipped_ = 0;
  std::size_t damaged_ = 0;
  bool told_loss_ = false;            // on this connection
  std::deque<std::string> commands_;  // the front one was sent
  Timer answer_timer_{*this, &JuliusClient::command_done};
};

}  // namespace bunshin
