#include "tools/scope/loop_warnings.h"

#include <fmt/format.h>

namespace bunshin {

namespace {

using Name = LoopEvent::Name;

constexpr Duration kAgain = std::chrono::seconds(10);

double milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

/// Those that are called because there is something to do with the descriptor.
bool has_to_do(Callback callback) {
  return callback == Callback::accept || callback == Callback::read || callback == Callback::write;
}

}  // namespace

LoopWarnings::LoopWarnings(LoopRecorder& recorder) : recorder_(recorder) { recorder_.add(*this); }

LoopWarnings::~LoopWarnings() { recorder_.remove(*this); }

void LoopWarnings::event(const LoopEvent& event) {
  if (event.background || event.its == nullptr) return;
  const WatchedHandler& its = *event.its;
  switch (event.name) {
    case Name::begins:
      called_ = has_to_do(event.callback) ? its.id : 0;
      break;
    case Name::did:
      if (called_ == its.id) called_ = 0;
      break;
    case Name::ends:
      if (event.duration > kSlow) {
        warn(its, "slow_callback",
             fmt::format("a callback ({}) held the loop for {:.1f} ms", name_of(event.callback),
                         milliseconds(event.duration)));
      }
      if (called_ != 0 && called_ == its.id && has_to_do(event.callback)) {
        warn(its, "idle_callback",
             fmt::format("was called to {} and did nothing with its descriptor",
                         name_of(event.callback)));
      }
      called_ = 0;
      break;
    case Name::starved:
      warn(its, "starving",
           fmt::format("the kernel lacks what it takes to go on; tried again in {:.0f} ms",
                       milliseconds(event.duration)));
      break;
    case Name::closing:
      blocked_.erase(its.id);
      std::erase_if(told_, [&its](const auto& one) { return one.first.first == its.id; });
      break;
    default:
      break;
  }
}

void LoopWarnings::look(const WatchedHandler& its, std::size_t unsent, std::size_t high,
                        bool kernel_has_some) {
  if (unsent == 0) {
    blocked_.erase(its.id);
    return;
  }
  if (high > 0 && unsent >= high) {
    warn(its, "watermark",
         fmt::format("{} bytes wait in its buffer: more than its watermark of {}", unsent, high));
  }
  const auto [found, is_new] = blocked_.try_emplace(its.id, Blocked{its.sent, recorder_.now()});
  Blocked& blocked = found->second;
  if (blocked.sent != its.sent) blocked = {its.sent, recorder_.now()};
  const Duration waits = recorder_.now() - blocked.since;
  if (is_new || !kernel_has_some || waits < kPatience) return;
  warn(its, "peer_not_reading",
       fmt::format("its peer has read nothing for {:.1f} s, and {} bytes wait for it",
                   milliseconds(waits) / 1000, unsent));
}

void LoopWarnings::warn(const WatchedHandler& its, const char* kind, const std::string& text) {
  const Duration now = recorder_.now();
  const auto [found, is_new] = told_.try_emplace({its.id, kind}, now);
  if (!is_new && now - found->second < kAgain) return;
  found->second = now;
  recorder_.tell(Name::warning, fmt::format(R"(,"kind":"{}","text":{})", kind, json_string(text)),
                 &its);
}

}  // namespace bunshin
