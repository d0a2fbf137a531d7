// Commands for the robot: whatever is let through, the firmware understands.

#include <string>

#include "bridge/rapiro_firmware.h"
#include "bridge/rapiro_protocol.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bunshin;
  using namespace bunshin::fuzzing;
  constexpr RapiroFirmware::TimePoint kStart{};
  const std::string_view command(reinterpret_cast<const char*>(data), size);
  if (const auto problem = validate_command(command)) {
    require(!problem->empty(), "a refusal has a reason");
    return 0;
  }
  require(command.find('#', 1) == command.npos, "one command");
  RapiroFirmware robot(kStart);
  const std::string answer = robot.received(command, kStart);
  require(!robot.view(kStart).frozen, "the robot does not wait for more");
  RapiroReplyParser parser;
  parser.feed(answer, kStart);
  const auto reply = parser.next();
  require(reply && !parser.next() && parser.noise() == 0, "one reply");
  require(reply_answers(command, *reply), "the reply answers the command");
  return 0;
}
