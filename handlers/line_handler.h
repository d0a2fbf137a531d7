#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "handlers/buffered_dispatcher.h"

namespace bunshin {

/// asynchat.async_chat: cuts what arrives into messages that end with a terminator, or have a given
/// length. Lines by default. Owned by its reactor, in whose thread all members are called.
class LineHandler : public BufferedDispatcher {
 public:
  using BufferedDispatcher::BufferedDispatcher;

  /// Messages end with `text`, which is not part of them. What was collected before is looked at
  /// again when more arrives. REQUIRES: not empty.
  void set_terminator(std::string text);
  /// The next message, and every one after it, has `length` bytes. REQUIRES: length > 0.
  void set_terminator(std::size_t length);
  /// No terminator: what arrives is collected until one is set or take_collected() is called.
  void clear_terminator();
  /// A message may grow to so many bytes (64 KiB by default), then handle_overlong is called.
  void set_size_limit(std::size_t bytes) { limit_ = bytes; }

  /// A whole message arrived; it is lent for this call. Messages that arrived together are all
  /// delivered, even when reading is paused at the first; none after the handler has closed. May
  /// change the terminator.
  virtual void found_terminator(std::string_view message) = 0;
  /// More than the limit arrived without a terminator. The default logs it and closes; otherwise
  /// what was collected is dropped.
  virtual void handle_overlong();

  /// What has arrived since the last message.
  [[nodiscard]] std::string_view collected() const { return collected_; }
  std::string take_collected();

  void handle_read() override;

 private:
  struct Message {
    std::size_t size;        // npos: not complete yet
    std::size_t terminator;  // bytes behind it that belong to nobody
  };
  [[nodiscard]] Message next_message(std::string_view input) const;

  std::string collected_;
  std::size_t searched_ = 0;       // so much of it was looked at and holds no terminator
  std::string terminator_ = "\n";  // empty: by length, or none
  std::size_t length_ = 0;         // 0: by text, or none
  std::size_t limit_ = 64 * 1024;
};

}  // namespace bunshin
