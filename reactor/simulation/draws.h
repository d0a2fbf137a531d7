#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bunshin::simulation {

/// What may happen either way. The first of each choice, 0, is "nothing unusual".
enum class Choice : std::uint8_t {
  script,          ///< what the scenario itself chooses: how many, how much, who does what
  turn,            ///< which process runs next
  latency,         ///< bytes, a connection, its end arrive later
  part,            ///< only a part of what was sent arrives at first
  fin_apart,       ///< the end of the stream arrives behind the last bytes, not with them
  small_buffer,    ///< the buffers of a connection in the kernel
  short_send,      ///< less is taken than there is room for
  short_receive,   ///< less is given than there is (of a unix socket, a tty)
  interrupted,     ///< EINTR, of a wait or an operation
  no_memory,       ///< ENOMEM or ENOBUFS of an operation
  no_descriptor,   ///< EMFILE or ENFILE of accept(2)
  aborted,         ///< ECONNABORTED: the connection was given up while it waited
  accept_refused,  ///< accept(2) fails in another way
  reset,           ///< the network ends a connection
  unread_lost,     ///< a reset takes along what has arrived and was not read (as on the BSDs)
  refused,         ///< a connect is refused although somebody listens
  silent,          ///< a connect is never answered
  unwatched,       ///< the engine has no room for another descriptor
  late_event,      ///< an edge is told a round later
  spurious_event,  ///< readiness is told that is none
  split_event,     ///< one bit is told now, the others next time
  event_order,     ///< the order in which one wait tells of descriptors
  wait_more,       ///< a sleeper wakes late
  stopped,         ///< a process does not run for a while (SIGSTOP, a busy machine)
  late_post,       ///< a look-up is answered late
  no_name,         ///< a look-up fails
  unplugged,       ///< a tty hangs up
  lost_byte,       ///< the line to the robot loses or garbles a byte
  count
};

inline constexpr std::size_t kChoices = static_cast<std::size_t>(Choice::count);

std::string_view name_of(Choice choice);

/// One thing that went otherwise than usual: the `count`-th time that `object` had this choice.
struct Deviation {
  Choice choice = Choice::script;
  std::uint32_t object = 0;
  std::uint32_t count = 0;
  std::uint32_t value = 0;
  bool operator==(const Deviation&) const = default;
};

/// "late_event/5/12=1", and back. Nothing for what is no deviation.
std::string to_string(const Deviation& deviation);
std::optional<Deviation> parse_deviation(std::string_view text);

/// Draws what may happen either way: each value is a function of the seed and of which choice this
/// is, for which object, the first time or the tenth, and of nothing else. So a run that is
/// repeated with some of its deviations left out stays alike elsewhere, which is what shrinking
/// needs. A value; one thread. The same on every machine and with every compiler.
class Draws {
 public:
  /// From a seed, which also decides how often each choice is unusual in this run, some never.
  explicit Draws(std::uint64_t seed);
  /// Nothing unusual happens but this.
  explicit Draws(const std::vector<Deviation>& only);

  /// 0, the usual; or else one of 1 to `most`. REQUIRES: most > 0.
  std::uint32_t draw(Choice choice, std::uint32_t object, std::uint32_t most = 1);
  /// One of 0 to `most`, each as likely; 0 is the simplest.
  std::uint32_t pick(Choice choice, std::uint32_t object, std::uint32_t most);

  /// What has gone otherwise than usual so far, in its order.
  [[nodiscard]] const std::vector<Deviation>& deviations() const { return deviations_; }
  /// How often a choice was unusual.
  [[nodiscard]] std::uint64_t happened(Choice choice) const {
    return happened_[static_cast<std::size_t>(choice)];
  }
  /// From now on nothing unusual happens: what went wrong may come to rest.
  void calm() { calm_ = true; }

 private:
  using Key = std::uint64_t;
  static Key key(Choice choice, std::uint32_t object, std::uint32_t count);
  std::uint32_t value(Choice choice, std::uint32_t object, std::uint32_t most, bool always);

  std::uint64_t seed_ = 0;
  bool scripted_ = false;  // only_ decides, not the seed
  bool calm_ = false;
  std::map<Key, std::uint32_t> only_;
  std::array<std::uint32_t, kChoices> rates_{};  // of 2^32
  std::map<Key, std::uint32_t> counts_;          // by choice and object
  std::array<std::uint64_t, kChoices> happened_{};
  std::vector<Deviation> deviations_;
};

}  // namespace bunshin::simulation
