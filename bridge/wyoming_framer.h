#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace bunshin {

/// One event of the Wyoming protocol, as far as it matters to a robot: the payload, which is audio
/// if anything, has been dropped.
struct WyomingEvent {
  std::string type;                 ///< "describe", "transcript", ...
  std::optional<std::string> text;  ///< "text" of its data
  std::size_t payload = 0;          ///< bytes that came with it
};

/// Cuts a byte stream into events: one line of JSON, then exactly the bytes of further data (JSON)
/// and of the payload that it announces. (Format: README of github.com/rhasspy/wyoming.) What can
/// not be right ends it for good, since nobody knows where the next event would begin. Owned by one
/// client; its memory stays under both limits together plus one fed chunk, whatever is announced.
class WyomingFramer {
 public:
  /// Of a line, and of further data. A transcript is some hundred bytes.
  static constexpr std::size_t kMostText = 64 * 1024;
  /// Of a payload, which is skipped: 30 s of audio.
  static constexpr std::size_t kMostPayload = std::size_t{1} << 20;

  /// Takes bytes cut anywhere. Call next() until it is empty before feeding more.
  void feed(std::string_view bytes);
  /// The oldest event not yet taken. None: more has to be fed, or there is an error().
  std::optional<WyomingEvent> next();
  /// What is wrong, in a sentence; empty: nothing yet.
  [[nodiscard]] const std::string& error() const { return error_; }
  /// Bytes kept.
  [[nodiscard]] std::size_t pending() const { return input_.size() - begin_; }

 private:
  bool take_header();
  bool take_data();
  bool take_payload();
  bool refuse(std::string reason);
  [[nodiscard]] std::string_view rest() const { return std::string_view(input_).substr(begin_); }

  enum class State { header, data, payload, whole, failed };
  std::string input_;
  std::size_t begin_ = 0;  // what lies before it has been taken
  State state_ = State::header;
  WyomingEvent event_;
  std::size_t data_length_ = 0;
  std::size_t payload_left_ = 0;
  std::string error_;
};

/// An event as it is sent: `type`, and in its data `text`.
std::string wyoming_event(std::string_view type, std::string_view text);

}  // namespace bunshin
