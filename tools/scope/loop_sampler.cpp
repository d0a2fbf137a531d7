#include "tools/scope/loop_sampler.h"

#include <fmt/format.h>

#include <algorithm>

#include "handlers/buffered_dispatcher.h"

namespace bunshin {

namespace {

std::string number_or_null(const std::optional<std::size_t>& number) {
  return number ? std::to_string(*number) : "null";
}

}  // namespace

LoopSampler::Waiting LoopSampler::look(const WatchedHandler& its) const {
  Waiting waiting;
  if (its.kind == Kind::listener) return waiting;
  waiting.kernel = recorder_.reactor().host().queues(its.fd);
  const auto* const buffered = dynamic_cast<const BufferedDispatcher*>(its.handler);
  if (buffered == nullptr) return waiting;
  waiting.unsent = buffered->buffered();
  waiting.high = buffered->watermarks().high;
  return waiting;
}

std::vector<WatchedHandler*> LoopSampler::most_active() {
  std::vector<WatchedHandler*> all;
  for (auto& [handler, its] : recorder_.handlers()) {
    if (its.told && !its.background) all.push_back(&its);
  }
  if (all.size() > kMost) {
    std::nth_element(
        all.begin(), all.begin() + kMost, all.end(),
        [](const auto* one, const auto* other) { return one->touched > other->touched; });
    all.resize(kMost);
  }
  return all;
}

/// Members of a JSON object.
std::string LoopSampler::numbers(const WatchedHandler& its, const Waiting& waiting) const {
  return fmt::format(R"("readable":{},"writable":{},"received":{},"sent":{},"unsent":{},)"
                     R"("kernel_in":{},"kernel_out":{},"served":{},"idle":{})",
                     (its.handler->known_ready() & ready::readable) != 0,
                     (its.handler->known_ready() & ready::writable) != 0, its.received, its.sent,
                     waiting.unsent, number_or_null(waiting.kernel.in),
                     number_or_null(waiting.kernel.out), its.served.count(),
                     std::max(Duration::zero(), recorder_.now() - its.touched).count());
}

/// The loop's system calls since the last sample, by the number of receives that gave something.
/// An engine that does the operations itself makes fewer, which nobody sees from here.
std::string LoopSampler::calls_a_message() {
  const LoopRecorder::Calls now = recorder_.calls();
  const std::uint64_t calls = now.calls - before_.calls;
  const std::uint64_t messages = now.messages - before_.messages;
  before_ = now;
  if (messages == 0 || recorder_.reactor().engine_name() == "io_uring") return "null";
  return fmt::format("{:.2f}", static_cast<double>(calls) / static_cast<double>(messages));
}

void LoopSampler::sample() {
  LoopTotals totals;
  std::string handlers;
  const auto chosen = most_active();
  for (const WatchedHandler* its : chosen) {
    const Waiting waiting = look(*its);
    warnings_.look(*its, waiting.unsent, waiting.high, waiting.kernel.out.value_or(1) > 0);
    if ((its->handler->known_ready() & ready::readable) != 0) ++totals.readable;
    if (its->parked) ++totals.parked;
    totals.unsent += waiting.unsent;
    totals.unread += waiting.kernel.in.value_or(0);
    totals.unsent_by_kernel += waiting.kernel.out.value_or(0);
    if (!handlers.empty()) handlers += ',';
    handlers += fmt::format(R"({{"handler":{},{}}})", its->id, numbers(*its, waiting));
  }
  const std::string members = fmt::format(R"(,"handlers":[{}],"of":{},"calls_a_message":{})",
                                          handlers, recorder_.handlers().size(), calls_a_message());
  recorder_.tell_sample(totals, members);
}

std::string LoopSampler::handlers_json() {
  std::string list;
  for (const auto& [handler, its] : recorder_.handlers()) {
    if (!its.told) continue;
    LoopEvent event(LoopEvent::Name::opened, recorder_.now(), 0);
    event.its = &its;
    const std::string members = ',' + numbers(its, look(its));
    event.members = members;
    if (!list.empty()) list += ',';
    list += event.json();
  }
  return list;
}

}  // namespace bunshin
