#include "bridge/lines_queue.h"

#include <gmock/gmock.h>

#include <random>

namespace bunshin {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Log : public RobotObserver {
 public:
  void sent(std::string_view command) override { note("sent", command); }
  void answered(std::string_view command, std::string_view reply) override {
    lines.push_back(fmt::format("{} answered {}", command, reply));
  }
  void retrying(std::string_view command, std::string_view) override { note("again", command); }
  void gave_up(std::string_view command, std::string_view reason) override {
    lines.push_back(fmt::format("gave up {}: {}", command, reason));
  }
  void dropped(std::string_view command, std::string_view) override { note("dropped", command); }
  void refused(std::string_view command, std::string_view) override { note("refused", command); }
  void unexpected(std::string_view reply) override { note("unexpected", reply); }
  void robot_away(std::string_view) override { lines.emplace_back("away"); }
  void robot_back() override { lines.emplace_back("back"); }

  std::vector<std::string> take() { return std::exchange(lines, {}); }

 private:
  void note(const char* what, std::string_view text) {
    lines.push_back(fmt::format("{} {}", what, text));
  }
  std::vector<std::string> lines;
};

// A queue whose other side the test plays by hand.
struct Line {
  explicit Line(LinesProfile profile) : queue(log, std::move(profile), {}) {}

  CommandQueue::TimePoint now{};
  Log log;
  LinesQueue queue;

  std::string out() { return queue.take_output().value_or(""); }
  void say(const char* command) { queue.command(command, now); }
  void hear(std::string_view bytes) { queue.received(bytes, now); }
  void pass(std::chrono::milliseconds time) {
    now += time;
    queue.tick(now);
  }
  void open() {
    queue.opened(now);
    EXPECT_EQ(out(), "\n");
    hear("what a terminator ended\n");  // discarded
    pass(100ms);
  }
};

LinesProfile grbl() { return *lines_profile("grbl"); }
LinesProfile marlin() { return *lines_profile("marlin"); }

TEST(LinesQueue, OneLineIsOnItsWayAndAnsweredInOrder) {
  Line line(grbl());
  line.say("G0 X1");
  EXPECT_EQ(line.out(), "") << "the line is closed";
  line.open();
  line.say("G0 X2");
  EXPECT_EQ(line.out(), "G0 X1\n");
  line.hear("o");
  line.hear("k\r\n");
  EXPECT_EQ(line.out(), "G0 X2\n");
  line.hear("ok\n");
  EXPECT_TRUE(line.queue.idle());
  EXPECT_THAT(line.log.take(),
              ElementsAre("sent G0 X1", "G0 X1 answered ok", "sent G0 X2", "G0 X2 answered ok"));
  EXPECT_EQ(line.queue.next_deadline(), std::nullopt);
}

TEST(LinesQueue, AWindowOfSeveral) {
  LinesProfile profile = grbl();
  profile.window = 2;
  Line line(profile);
  line.open();
  for (const char* command : {"G0 X1", "G0 X2", "G0 X3"}) line.say(command);
  EXPECT_EQ(line.out(), "G0 X1\nG0 X2\n");
  line.hear("ok\nok\n");
  EXPECT_EQ(line.out(), "G0 X3\n");
}

// Who moves twice may hurt itself.
TEST(LinesQueue, AnErrorIsNotTriedAgain) {
  Line line(grbl());
  line.open();
  line.say("G9");
  line.say("G0");
  line.log.take();
  line.hear("error:20\n");
  EXPECT_THAT(line.log.take(), ElementsAre("gave up G9: answered error:20", "sent G0"));
}

TEST(LinesQueue, SilenceIsGivenUpAndTheRobotToldToBeAway) {
  Line line(grbl());
  line.open();
  line.say("G0");
  line.say("G1");
  line.out();
  line.log.take();
  line.pass(9999ms);
  EXPECT_THAT(line.log.take(), IsEmpty());
  line.pass(1ms);
  EXPECT_THAT(line.log.take(), ElementsAre("gave up G0: no reply in 10000 ms", "away"));
  EXPECT_EQ(line.out(), "\n");
  line.pass(100ms);
  EXPECT_THAT(line.log.take(), ElementsAre("dropped G1")) << "it is too old by now";
  line.say("G2");
  line.hear("ok\n");
  EXPECT_THAT(line.log.take(), ElementsAre("sent G2", "back", "G2 answered ok"));
}

TEST(LinesQueue, ABusyRobotIsWaitedFor) {
  Line line(marlin());
  line.open();
  line.hear("ok\n");
  line.say("G28");
  line.log.take();
  for (int i = 0; i < 5; ++i) {
    line.pass(9000ms);
    line.hear("echo:busy: processing\n");
  }
  EXPECT_THAT(line.log.take(), IsEmpty());
  line.hear("ok\n");
  EXPECT_THAT(line.log.take(), ElementsAre("G28 answered ok"));
}

TEST(LinesQueue, StopOvertakesEverything) {
  Line line(grbl());
  line.open();
  line.say("G0");
  line.say("G1");
  line.log.take();
  line.say("!");
  EXPECT_EQ(line.out(), "!") << "without a terminator, and before what nobody has taken yet";
  EXPECT_THAT(line.log.take(),
              ElementsAre("gave up G0: ! goes ahead", "dropped G1", "sent !", "! answered "));
  EXPECT_TRUE(line.queue.idle());
}

TEST(LinesQueue, ARobotThatIsResetKnowsOfNoLine) {
  Line line(grbl());
  line.open();
  line.say("G0");
  line.out();
  line.log.take();
  line.hear("Grbl 1.1h ['$' for help]\r\n");
  EXPECT_THAT(line.log.take(), ElementsAre("unexpected Grbl 1.1h ['$' for help]",
                                           "gave up G0: the robot was reset"));
  EXPECT_EQ(line.out(), "\n");
}

TEST(LinesQueue, WhatIsNoAnswerIsUnexpected) {
  Line line(grbl());
  line.open();
  line.hear("ok\n<Idle|MPos:0,0,0>\n\n");
  EXPECT_THAT(line.log.take(), ElementsAre("unexpected ok", "unexpected <Idle|MPos:0,0,0>"));
}

TEST(LinesQueue, WhatWasOnItsWayWhenTheLineHungUpIsGivenUp) {
  Line line(grbl());
  line.open();
  line.say("G0");
  line.log.take();
  line.queue.closed();
  EXPECT_THAT(line.log.take(), ElementsAre("gave up G0: the line hung up before its answer"));
  line.say("G1");
  line.say("!");
  EXPECT_THAT(line.log.take(), ElementsAre("dropped G1", "dropped !"));
}

TEST(LinesQueue, MarlinsLinesAreNumberedAndSummed) {
  Line line(marlin());
  line.open();
  EXPECT_EQ(line.out(), "N0 M110 N0*125\n");
  line.say("G28");
  line.hear("ok\n");
  EXPECT_EQ(line.out(), "N1 G28*18\n");
}

TEST(LinesQueue, WhatMarlinAsksForAgainIsSentAgain) {
  LinesProfile profile = marlin();
  profile.window = 2;
  Line line(profile);
  line.open();
  line.hear("ok\n");
  line.say("G1");
  line.say("G2");
  const std::string both = line.out();
  line.log.take();
  line.hear("Error:checksum mismatch, Last Line: 0\nResend: 1\nok\n");
  EXPECT_THAT(line.log.take(), ElementsAre("unexpected Error:checksum mismatch, Last Line: 0",
                                           "again G1", "again G2"))
      << "and its ok is nobody's";
  EXPECT_THAT(both, ::testing::EndsWith(line.out()));
  line.hear("ok\nok\n");
  EXPECT_THAT(line.log.take(), ElementsAre("G1 answered ok", "G2 answered ok"));
}

TEST(LinesQueue, ALineThatIsAlwaysDisturbedIsGivenUp) {
  Line line(marlin());
  line.open();
  line.hear("ok\n");
  line.say("G1");
  for (int i = 0; i < 4; ++i) line.hear("Resend: 1\nok\n");
  EXPECT_TRUE(line.queue.idle());
}

TEST(LinesQueue, ItIsNotFilledForEver) {
  Line line(grbl());
  for (int i = 0; i < 65; ++i) line.say("G0");
  EXPECT_THAT(line.log.take(), ElementsAre("refused G0"));
  EXPECT_EQ(line.queue.waiting(), 64U);
}

// Whatever the robot says and whenever, every command ends once, and only whole lines are written.
TEST(LinesQueue, SurvivesARobotGoneMad) {
  for (const char* name : {"grbl", "marlin", "arduino"}) {
    std::mt19937 random(7);
    Line line(*lines_profile(name));
    for (int i = 0; i < 20'000; ++i) {
      switch (random() % 7) {
        case 0:
          line.say("G0");
          break;
        case 1:
          if (random() % 20 == 0) line.queue.closed();
          break;
        case 2:
          if (random() % 20 == 0) line.queue.opened(line.now);
          break;
        case 3:
          line.pass(std::chrono::milliseconds(random() % 3000));
          break;
        default: {
          constexpr std::array kWords = {"ok",      "\n",        "error:1", "Resend: 1\n", "OK\r\n",
                                         "start\n", "busy: x\n", "\xff",    "Grbl x\n"};
          line.hear(kWords[random() % kWords.size()]);
        }
      }
      const std::string out = line.out();
      ASSERT_TRUE(out.empty() || out.back() == '\n') << out;
      ASSERT_LE(line.queue.waiting(), 66U);
    }
  }
}

TEST(LinesProfile, WhatNoRobotTakes) {
  const LinesProfile profile = grbl();
  EXPECT_EQ(validate_line(profile, "G0 X1.5"), std::nullopt);
  EXPECT_EQ(validate_line(profile, "!"), std::nullopt);
  EXPECT_TRUE(validate_line(profile, ""));
  EXPECT_TRUE(validate_line(profile, "G0\nG1"));
  EXPECT_TRUE(validate_line(profile, "G0 !")) << "it would stop";
  EXPECT_TRUE(validate_line(profile, "前へ"));
  EXPECT_TRUE(validate_line(profile, std::string(81, 'G')));
  EXPECT_TRUE(validate_line(marlin(), "G0*1"));
  EXPECT_EQ(lines_profile("reprap"), std::nullopt);
}

}  // namespace
}  // namespace bunshin
