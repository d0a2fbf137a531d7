#include "reactor/simulation/draws.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bunshin::simulation {

namespace {

constexpr std::array<std::string_view, kChoices> kNames = {
    "script",        "turn",        "latency",        "part",        "fin_apart",
    "small_buffer",  "short_send",  "short_receive",  "interrupted", "no_memory",
    "no_descriptor", "aborted",     "accept_refused", "reset",       "unread_lost",
    "refused",       "silent",      "unwatched",      "late_event",  "spurious_event",
    "split_event",   "event_order", "wait_more",      "stopped",     "late_post",
    "no_name",       "unplugged",   "lost_byte"};

/// splitmix64's finalizer (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
constexpr std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

/// How often a choice may be unusual in one run, of 2^32: mostly seldom or never, so that a run can
/// be long, and some runs are full of one thing.
constexpr std::array<std::uint32_t, 8> kRates = {0,        0,        0,        1U << 22,
                                                 1U << 25, 1U << 27, 1U << 29, 3U << 29};

/// What ends a connection ends the part of the run that is of interest.
bool ends_much(Choice choice) {
  switch (choice) {
    case Choice::reset:
    case Choice::unplugged:
    case Choice::stopped:
    case Choice::silent:
    case Choice::unwatched:
      return true;
    default:
      return false;
  }
}

template <typename Number>
bool take_number(std::string_view& text, Number& number, std::string_view end) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  if (!text.starts_with(end)) return false;
  text.remove_prefix(end.size());
  return true;
}

}  // namespace

std::string_view name_of(Choice choice) { return kNames[static_cast<std::size_t>(choice)]; }

std::string to_string(const Deviation& deviation) {
  return fmt::format("{}/{}/{}={}", name_of(deviation.choice), deviation.object, deviation.count,
                     deviation.value);
}

std::optional<Deviation> parse_deviation(std::string_view text) {
  const auto slash = text.find('/');
  const auto name = std::find(kNames.begin(), kNames.end(), text.substr(0, slash));
  if (slash == text.npos || name == kNames.end()) return std::nullopt;
  text.remove_prefix(slash + 1);
  Deviation deviation;
  deviation.choice = static_cast<Choice>(name - kNames.begin());
  const bool whole = take_number(text, deviation.object, "/") &&
                     take_number(text, deviation.count, "=") &&
                     take_number(text, deviation.value, "") && text.empty();
  return whole ? std::optional(deviation) : std::nullopt;
}

Draws::Key Draws::key(Choice choice, std::uint32_t object, std::uint32_t count) {
  return std::uint64_t{static_cast<std::uint8_t>(choice)} << 56 |
         std::uint64_t{object & 0xffffff} << 32 | count;
}

Draws::Draws(std::uint64_t seed) : seed_(seed) {
  for (std::size_t choice = 0; choice < kChoices; ++choice) {
    rates_[choice] = kRates[mix(mix(seed) ^ mix(choice)) % kRates.size()];
    if (ends_much(static_cast<Choice>(choice))) rates_[choice] /= 64;
  }
}

Draws::Draws(const std::vector<Deviation>& only) : scripted_(true) {
  for (const Deviation& each : only) only_[key(each.choice, each.object, each.count)] = each.value;
}

std::uint32_t Draws::draw(Choice choice, std::uint32_t object, std::uint32_t most) {
  return value(choice, object, most, false);
}

std::uint32_t Draws::pick(Choice choice, std::uint32_t object, std::uint32_t most) {
  return most == 0 ? 0 : value(choice, object, most, true);
}

std::uint32_t Draws::value(Choice choice, std::uint32_t object, std::uint32_t most, bool always) {
  if (calm_) return 0;
  const std::uint32_t rate = rates_[static_cast<std::size_t>(choice)];
  if (!scripted_ && !always && rate == 0) return 0;
  const std::uint32_t count = counts_[key(choice, object, 0)]++;
  std::uint32_t drawn = 0;
  if (scripted_) {
    const auto found = only_.find(key(choice, object, count));
    drawn = found == only_.end() ? 0 : std::min(found->second, most);
  } else {
    const std::uint64_t random = mix(seed_ ^ mix(key(choice, object, count)));
    const auto high = static_cast<std::uint32_t>(random >> 32);
    const auto low = static_cast<std::uint32_t>(random);
    if (always) {
      drawn = low % (most + 1);
    } else if (high < rate) {
      drawn = 1 + low % most;
    }
  }
  if (drawn == 0) return 0;
  ++happened_[static_cast<std::size_t>(choice)];
  deviations_.push_back({choice, object, count, drawn});
  return drawn;
}

}  // namespace bunshin::simulation
