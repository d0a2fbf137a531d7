#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/block_framer.h"
#include "bridge/julius_message.h"
#include "bridge/julius_request.h"
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
///
/// That a connection was taken means nothing: the kernel does that for an engine that serves
/// another client, or was told to DIE; and one that was paused says nothing to a new client. So
/// *connected* is when the engine has spoken. After five seconds without a word RESUME is said,
/// once; when that wakes nobody, the log says why it may be.
class JuliusClient : public ReconnectingClient {
 public:
  /// How long an engine may say nothing: an active one says STARTPROC as soon as it takes the
  /// connection.
  struct Patience {
    std::chrono::milliseconds before_resume{5000};
    std::chrono::milliseconds after_resume{2000};
  };

  /// `encoding`: see TextDecoder, which throws std::invalid_argument.
  JuliusClient(Reactor& reactor, Endpoint endpoint, const std::string& encoding,
               Backoff::Limits retry = {}, Patience patience = default_patience());

  /// Sends it when those before have been answered, or some time after:
  /// the engine asks select(2) but reads with stdio, so that a second command in one segment waits
  /// unread until more bytes come. False, and nothing is sent, without a connection and when 64
  /// wait already. What waits when the connection ends is dropped with it.
  /// `lines`: without a line end behind the last. Of a command with arguments all go at once, as
  /// the engine reads them.
  bool command(std::string lines);
  /// REQUIRES: it has no problem().
  bool command(const JuliusRequest& request);
  bool command(JuliusVerb verb) { return command(JuliusRequest{verb, {}, {}}); }

  /// The engine is not to listen (TERMINATE), until unmute() or until we leave. Without a
  /// connection nothing happens; a new one begins unmuted.
  void mute();
  void unmute();
  [[nodiscard]] bool muted() const { return muted_; }
  /// "connected", "connected and silent", "asleep" or "away".
  [[nodiscard]] std::string_view state_text() const;

  /// For what arrives from now on; throws as the constructor does, and the one before stays.
  void set_encoding(const std::string& encoding);

  /// Blocks that were no message: too long, not XML.
  [[nodiscard]] std::size_t skipped() const { return skipped_; }
  /// Messages of which a part could not be read: a character, or the last hypotheses.
  [[nodiscard]] std::size_t damaged() const { return damaged_; }

  void handle_read() override;
  void handle_connect() override;
  /// Lets an engine that we have muted listen again.
  void handle_finish() override;

 protected:
  virtual void handle_message(const JuliusMessage& message) = 0;
  /// The same once more as it came, after the messages that end in it.
  virtual void handle_bytes(const JuliusBytes& /*said*/) {}
  void handle_disconnected() override;
  [[nodiscard]] bool connected_when_accepted() const override { return false; }

 private:
  void take(const BlockFramer::Block& block);
  void skip(std::string_view reason);
  void damage(std::string_view reason);
  void tell_loss(std::string_view what, std::string_view reason);
  void follow(JuliusKind kind);
  void silent();
  void send_command();
  void command_done();

  BlockFramer framer_;
  std::unique_ptr<TextDecoder> decoder_;
  std::size_t skipped_ = 0;
  std::size_t damaged_ = 0;
  static Patience default_patience() { return {}; }

  const Patience patience_;
  std::string encoding_;
  bool told_loss_ = false;  // on this connection, as all that follows
  bool spoken_ = false;
  bool woken_ = false;      // RESUME was sent because it had not
  bool asleep_ = false;     // STOPPROC was its last word about that
  bool muted_ = false;      // by us
  bool own_sleep_ = false;  // it is asleep because we have muted it
  Timer silence_timer_{*this, &JuliusClient::silent};
  std::deque<std::string> commands_;  // the front one was sent
  Timer answer_timer_{*this, &JuliusClient::command_done};
};

}  // namespace bunshin
