// What anybody may write to the simulated robot.

#include <string>

#include "bridge/rapiro_firmware.h"
#include "bridge/rapiro_protocol.h"
#include "tests/fuzz/fuzz.h"

namespace bunshin::fuzzing {
namespace {

void check_view(const RapiroView& view) {
  require(0 <= view.motion && view.motion <= 9, "it plays a motion there is");
  require(0 <= view.frame && view.frame <= 7, "it plays a frame there is");
  require(view.remaining.count() >= 0, "no time is left over");
}

}  // namespace
}  // namespace bunshin::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bunshin;
  using namespace bunshin::fuzzing;
  RapiroFirmware::TimePoint now{};
  RapiroFirmware robot(now);
  RapiroFirmware cut(now);
  RapiroReplyParser parser;
  Input input(data, size);
  while (!input.empty()) {
    now += std::chrono::milliseconds(input.number() * 20);
    const std::string_view bytes = input.take(input.number() % 64);
    const std::string answer = robot.received(bytes, now);
    std::string answers;
    in_pieces(bytes, input.number(),
              [&](std::string_view piece) { answers += cut.received(piece, now); });
    require(answer == answers, "the answer is the same however the bytes are cut");
    check_view(robot.view(now));
    require(!robot.next_change(now) || *robot.next_change(now) > now, "the next change is to come");
    parser.feed(answer, now);
    while (parser.next()) {
    }
    require(parser.noise() == 0, "it says replies and nothing else");
  }
  robot.received("\n\n", now);
  require(!robot.view(now).frozen, "two newlines bring it into step");
  return 0;
}
