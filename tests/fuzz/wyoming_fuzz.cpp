// Events of the Wyoming protocol, cut anywhere: bounded, and the cuts make no difference.

#include <string>
#include <vector>

#include "bridge/wyoming_framer.h"
#include "tests/fuzz/fuzz.h"

namespace bunshin::fuzzing {
namespace {

void take(WyomingFramer& framer, std::vector<std::string>& events) {
  while (const auto event = framer.next()) {
    require(!event->text || is_utf8(*event->text), "a text is UTF-8");
    events.push_back(event->type + "|" + event->text.value_or("-"));
    require(!wyoming_event("not-handled", event->type).empty(), "whatever came can be quoted");
  }
}

}  // namespace
}  // namespace bunshin::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bunshin;
  using namespace bunshin::fuzzing;
  Input input(data, size);
  const std::uint8_t seed = input.number();
  const std::string_view text = input.rest();
  WyomingFramer whole;
  std::vector<std::string> events;
  whole.feed(text);
  take(whole, events);
  WyomingFramer cut;
  std::vector<std::string> in_pieces_events;
  in_pieces(text, seed, [&](std::string_view piece) {
    cut.feed(piece);
    take(cut, in_pieces_events);
    require(cut.pending() <= 2 * WyomingFramer::kMostText, "what is kept is bounded");
  });
  require(events == in_pieces_events, "cuts make no difference to events");
  require(whole.error() == cut.error(), "nor to what is refused");
  return 0;
}
