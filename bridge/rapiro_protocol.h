#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace bunshin {

// The serial protocol of Rapiro's stock firmware (RAPIRO_ver0_0, 57600 baud). Every limit here
// was read in its source or recorded from it.

/// Returns nothing if `command` is exactly one command the firmware answers, else the reason why
/// not, as the end of a sentence. It knows
///   #M0 to #M9                       a motion
///   #P, any of SnnAnnn Rnnn Gnnn Bnnn, Tnnn   a pose; S 00-11, A 000-180, the others 000-255
///   #Q, #C                           what runs; whether a pose waits
/// What is cut short must never be sent: the firmware waits for the rest, servos frozen, for ever.
std::optional<std::string> validate_command(std::string_view command);

/// Whether a command that waits is of no use any more once `newer` follows it: an older motion, for
/// the firmware would go over to the newer one at its next frame, and a pose that moves nothing
/// else. REQUIRES: commands validate_command() accepts.
bool replaces(std::string_view newer, std::string_view older);

struct RapiroReply {
  enum class Kind {
    motion,         // #M3
    pose,           // #PT010
    motion_status,  // #QM6T005
    pose_status,    // #QPT007
    buffer_free,    // #C0
    buffer_full,    // #CF
    motion_error,   // #EM
    pose_error,     // #EP
    command_error,  // #E
  };
  Kind kind;
  std::string text;

  bool is_error() const { return kind >= Kind::motion_error; }
};

/// Whether `reply` is what the firmware says when it has carried out `command`.
/// REQUIRES: a command validate_command() accepts.
bool reply_answers(std::string_view command, const RapiroReply& reply);

/// Cuts the firmware's answers into replies. They have no terminator, so "#E" alone is only known
/// by what comes next, or by silence: ask pending_until() for how long to wait and call flush().
/// Begins anew at every '#'; what belongs to no reply is counted and skipped.
/// Owned by one line; no thread of its own.
class RapiroReplyParser {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  /// The firmware writes a reply in one go: 5 ms at 57600 baud, up to 16 more in a USB adapter.
  static constexpr std::chrono::milliseconds kSilence{30};

  void feed(std::string_view bytes, TimePoint now);
  std::optional<RapiroReply> next();

  std::optional<TimePoint> pending_until() const;
  void flush(TimePoint now);  // completes "#E" if the silence is over; harmless otherwise

  void reset();                                   // forgets a reply begun and replies not taken
  std::uint64_t noise() const { return noise_; }  // bytes skipped

 private:
  void take(char byte);

  std::string partial_;
  std::deque<RapiroReply> ready_;
  TimePoint last_byte_{};
  std::uint64_t noise_ = 0;
};

}  // namespace bunshin
