#include "bridge/recognisers.h"

#include <fmt/format.h>

namespace bunshin {
namespace {

constexpr std::size_t kMostOthers = 16;

}  // namespace

bool Recognisers::counts(const JuliusMessage& message) {
  const std::string_view name = message.attribute("NAME");
  const bool result = message.kind == JuliusKind::recogout ||
                      message.kind == JuliusKind::recogfail || message.kind == JuliusKind::rejected;
  if (wanted_.empty() || name.empty() || !result) return true;
  if (name == wanted_) {
    seen_ = true;
    return true;
  }
  if (others_.size() < kMostOthers) others_.emplace(name);
  return false;
}

bool Recognisers::heard_already(const JuliusMessage& message, std::string_view phrase,
                                TimePoint now) {
  const std::string_view id = message.attribute("ID");
  if (id.empty()) return false;
  const bool again = id != last_id_ && phrase == last_phrase_ && now - last_time_ < kMoment;
  if (again) return true;
  last_id_ = id;
  last_phrase_ = phrase;
  last_time_ = now;
  return false;
}

std::optional<std::string> Recognisers::take_complaint() {
  if (seen_ || told_ || others_.empty()) return std::nullopt;
  told_ = true;
  std::string names;
  for (const std::string& name : others_)
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", name);
  return fmt::format("no recogniser is called \"{}\" (julius.recogniser); heard of is {}", wanted_,
                     names);
}

}  // namespace bunshin
