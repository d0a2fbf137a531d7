// The queue of commands, between a robot that may say anything and a clock that may jump.

#include <optional>
#include <string>

#include "bridge/rapiro_firmware.h"
#include "bridge/rapiro_queue.h"
#include "tests/fuzz/fuzz.h"

namespace bunshin::fuzzing {
namespace {

constexpr const char* kCommands[] = {"#M0", "#M1", "#PR255G000B000T010", "#Q", "#M", "#P"};

/// Counts how commands end; the queue's own "#C" is not handed over.
class Endings : public RobotObserver {
 public:
  void answered(std::string_view command, std::string_view) override {
    if (command != "#C") ++count;
  }
  void gave_up(std::string_view, std::string_view) override { ++count; }
  void dropped(std::string_view, std::string_view) override { ++count; }
  void refused(std::string_view, std::string_view) override { ++count; }
  std::size_t count = 0;
};

class World {
 public:
  void step(Input& input) {
    switch (input.number() % 7) {
      case 0:
        ++handed_;
        return queue_.command(kCommands[input.number() % std::size(kCommands)], now_);
      case 1:
        return queue_.received(input.take(input.number() % 8), now_);
      case 2:
        return pass(std::chrono::milliseconds(input.number() * 10));
      case 3:
        return queue_.opened(now_);
      case 4:
        return queue_.closed();
      case 5:
        return (void)take_output();
      default:
        return queue_.received(robot_.received(take_output(), now_), now_);
    }
  }
  void check() const {
    require(handed_ == endings_.count + queue_.waiting(), "every command ends once");
  }

 private:
  void pass(std::chrono::milliseconds time) {
    now_ += time;
    queue_.tick(now_);
    const auto next = queue_.next_deadline();
    require(!next || *next > now_, "after a tick nothing is due");
  }
  std::string take_output() {
    const std::string output = queue_.take_output().value_or("");
    require(output.empty() || output == "\n\n" || !validate_command(output),
            "what is written is whole");
    return output;
  }

  RapiroQueue::TimePoint now_{};
  Endings endings_;
  RapiroQueue queue_{endings_};
  RapiroFirmware robot_{now_};
  std::size_t handed_ = 0;
};

}  // namespace
}  // namespace bunshin::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bunshin::fuzzing;
  Input input(data, size);
  World world;
  while (!input.empty()) {
    world.step(input);
    world.check();
  }
  return 0;
}
