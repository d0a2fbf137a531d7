#include "bridge/rapiro_queue.h"

#include <gmock/gmock.h>

#include <random>

#include "bridge/rapiro_firmware.h"

namespace bunshin {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using TimePoint = RapiroQueue::TimePoint;

constexpr const char* kRed = "#PR255G000B000T010";
constexpr const char* kBlue = "#PR000G000B255T010";

// Writes down what the queue tells, the "#C" it asks left out.
class Log : public RobotObserver {
 public:
  void sent(std::string_view command) override { note("sent", command); }
  void answered(std::string_view command, std::string_view reply) override {
    if (command != "#C") lines.push_back(fmt::format("{} answered {}", command, reply));
  }
  void retrying(std::string_view command, std::string_view reason) override {
    lines.push_back(fmt::format("retrying {}: {}", command, reason));
  }
  void gave_up(std::string_view command, std::string_view) override { note("gave up", command); }
  void dropped(std::string_view command, std::string_view /*reason*/) override {
    note("dropped", command);
  }
  void refused(std::string_view command, std::string_view reason) override {
    lines.push_back(fmt::format("refused {}: {}", command, reason));
  }
  void resynchronised() override { ++resyncs; }
  void robot_away(std::string_view reason) override {
    lines.push_back(fmt::format("away: {}", reason));
  }
  void robot_back() override { lines.emplace_back("back"); }
  void unexpected(std::string_view reply) override { note("unexpected", reply); }

  std::vector<std::string> take() { return std::exchange(lines, {}); }
  int resyncs = 0;

 private:
  void note(const char* what, std::string_view command) {
    if (command != "#C") lines.push_back(fmt::format("{} {}", what, command));
  }
  std::vector<std::string> lines;
};

// A queue whose other side the test plays by hand.
struct Line {
  explicit Line(RapiroQueue::Limits limits = {}) : queue(log, limits) {}

  TimePoint now{};
  Log log;
  RapiroQueue queue;

  std::string out() { return queue.take_output().value_or(""); }
  void say(const char* command) { queue.command(command, now); }
  void hear(std::string_view bytes) { queue.received(bytes, now); }
  void pass(std::chrono::milliseconds time) {
    now += time;
    queue.tick(now);
  }
  // Up to where the queue has asked whether a robot is there.
  void look() {
    queue.opened(now);
    EXPECT_EQ(out(), "\n\n");
    pass(100ms);
    EXPECT_EQ(out(), "#C");
  }
  void open() {
    look();
    hear("#C0");
  }
  // While nobody answers.
  void ask_in_vain(int times) {
    for (int i = 0; i < times; ++i) {
      pass(1000ms);
      pass(100ms);
      out();
    }
  }
  // Brings one command to where it is in flight.
  void begin(const char* command) {
    say(command);
    EXPECT_EQ(out(), "#C");
    hear("#C0");
    EXPECT_EQ(out(), command);
    log.take();
  }
};

TEST(RapiroQueue, BringsTheRobotIntoStepBeforeTheFirstCommand) {
  Line line;
  line.say("#M1");
  EXPECT_EQ(line.out(), "") << "the line is closed";
  line.queue.opened(line.now);
  EXPECT_EQ(line.out(), "\n\n");
  line.pass(99ms);
  line.hear("#EP");  // what the newlines ended; it is discarded and the silence begins anew
  line.pass(99ms);
  EXPECT_EQ(line.out(), "");
  EXPECT_EQ(line.queue.next_deadline(), line.now + 1ms);
  line.pass(1ms);
  EXPECT_EQ(line.out(), "#C");
  EXPECT_EQ(line.log.resyncs, 1);
  EXPECT_THAT(line.log.take(), IsEmpty());
}

TEST(RapiroQueue, ARobotThatNeverIsSilentIsWaitedForABoundedTime) {
  Line line;
  line.queue.opened(line.now);
  line.out();
  for (int i = 0; i < 19; ++i) {
    line.pass(50ms);
    line.hear("noise");
    EXPECT_EQ(line.log.resyncs, 0);
  }
  line.pass(50ms);
  EXPECT_EQ(line.log.resyncs, 1);
}

TEST(RapiroQueue, AsksWhetherAPoseWaitsBeforePosesAndMotions) {
  for (const char* command : {kRed, "#M1"}) {
    Line line;
    line.open();
    line.say(command);
    EXPECT_EQ(line.out(), "#C");
    line.hear("#CF");
    EXPECT_EQ(line.out(), "");
    EXPECT_EQ(line.queue.next_deadline(), line.now + 100ms);
    line.pass(100ms);
    EXPECT_EQ(line.out(), "#C");
    line.hear("#C0");
    EXPECT_EQ(line.out(), command);
  }
}

// A robot that catches up on a minute of turns hurts itself.
TEST(RapiroQueue, WhatIsOldWhenTheLineOpensIsDropped) {
  Line line;
  line.say("#M3");
  line.pass(2000ms);
  line.say("#Q");
  line.pass(1001ms);
  line.log.take();
  line.open();
  EXPECT_THAT(line.log.take(), Contains("dropped #M3"));
  EXPECT_EQ(line.queue.waiting(), 1U);
  EXPECT_EQ(line.out(), "#Q");
}

TEST(RapiroQueue, StatusNeedsNoFreeBuffer) {
  Line line;
  line.open();
  line.say("#Q");
  EXPECT_EQ(line.out(), "#Q");
  line.hear("#QM1T003");
  EXPECT_THAT(line.log.take(), ElementsAre("sent #Q", "#Q answered #QM1T003"));
}

TEST(RapiroQueue, OneCommandIsInFlight) {
  Line line;
  line.open();
  line.begin("#M1");
  line.say(kRed);
  line.say("#M3");
  line.pass(500ms);
  EXPECT_EQ(line.out(), "");
  line.hear("#M1");
  EXPECT_EQ(line.out(), "#C");
  EXPECT_EQ(line.queue.waiting(), 2u);
  EXPECT_FALSE(line.queue.idle());
}

TEST(RapiroQueue, RepliesMayComeInPieces) {
  Line line;
  line.open();
  line.begin(kRed);
  for (const char* piece : {"#", "P", "T0", "1"}) line.hear(piece);
  EXPECT_THAT(line.log.take(), IsEmpty());
  line.hear("0");
  EXPECT_THAT(line.log.take(), ElementsAre(fmt::format("{} answered #PT010", kRed)));
  EXPECT_TRUE(line.queue.idle());
  EXPECT_EQ(line.queue.next_deadline(), std::nullopt);
}

TEST(RapiroQueue, SendsAgainAfterSilence) {
  Line line;
  line.open();
  line.begin("#M1");
  EXPECT_EQ(line.queue.next_deadline(), line.now + 1s);
  line.pass(1s);
  EXPECT_THAT(line.log.take(), ElementsAre("retrying #M1: no reply in 1000 ms"));
  EXPECT_EQ(line.out(), "\n\n");
  line.hear("#M1");  // too late: it belongs to what is discarded
  line.pass(100ms);
  EXPECT_EQ(line.out(), "#C");
  line.hear("#C0");
  EXPECT_EQ(line.out(), "#M1");
  line.hear("#M1");
  EXPECT_TRUE(line.queue.idle());
}

TEST(RapiroQueue, SendsAgainAfterAnError) {
  Line line;
  line.open();
  line.begin("#M1");
  line.hear("#EM");
  EXPECT_THAT(line.log.take(), ElementsAre("retrying #M1: answered #EM"));
  EXPECT_EQ(line.out(), "\n\n");
}

TEST(RapiroQueue, TheBareErrorIsKnownAfterASilence) {
  Line line;
  line.open();
  line.begin("#M1");
  line.hear("#E");
  EXPECT_THAT(line.log.take(), IsEmpty());
  EXPECT_EQ(line.queue.next_deadline(), line.now + 30ms);
  line.pass(30ms);
  EXPECT_THAT(line.log.take(), ElementsAre("retrying #M1: answered #E"));
}

TEST(RapiroQueue, AReplyToSomethingElseIsNoReply) {
  Line line;
  line.open();
  line.hear("#M7");
  line.begin("#M1");
  line.hear("#M2#PT010");
  EXPECT_THAT(line.log.take(), ElementsAre("unexpected #M2", "unexpected #PT010"));
  line.hear("#M1");
  EXPECT_THAT(line.log.take(), ElementsAre("#M1 answered #M1"));
}

TEST(RapiroQueue, GivesUpAfterThreeResendsAndGoesOn) {
  Line line;
  line.open();
  line.say("#M1");
  line.pass(0ms);
  for (int attempt = 0; attempt < 4; ++attempt) {
    EXPECT_EQ(line.out(), "#C") << attempt;
    line.hear("#C0");
    EXPECT_EQ(line.out(), "#M1");
    line.pass(1s);
    EXPECT_EQ(line.out(), "\n\n");
    line.pass(100ms);
  }
  EXPECT_THAT(line.log.take(), ::testing::Contains("gave up #M1"));
  line.say("#Q");
  EXPECT_EQ(line.out(), "#C") << "is it there at all?";
  line.hear("#C0");
  EXPECT_EQ(line.out(), "#Q");
}

TEST(RapiroQueue, ADeadRobotEndsEveryCommandInABoundedTime) {
  Line line;
  line.open();
  for (int i = 0; i < 5; ++i) line.say("#M1");
  const TimePoint start = line.now;
  while (!line.queue.idle()) {
    line.now = line.queue.next_deadline().value();
    line.queue.tick(line.now);
    line.queue.take_output();
    ASSERT_LT(line.now - start, 10s);
  }
  const auto lines = line.log.take();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "gave up #M1"), 1);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "dropped #M1"), 4);
}

// It is reset by being opened, say, and its boot loader takes what it is sent.
TEST(RapiroQueue, ARobotThatIsDeafAtFirstCostsNoTry) {
  Line line;
  line.look();
  line.pass(1000ms);
  EXPECT_EQ(line.out(), "\n\n");
  line.pass(100ms);
  EXPECT_EQ(line.out(), "#C");
  line.say("#M1");
  line.say("#M0");
  line.pass(1000ms);
  line.pass(100ms);
  EXPECT_EQ(line.out(), "#C");
  line.hear("#C0");
  EXPECT_EQ(line.out(), "#M0");
  EXPECT_THAT(line.log.take(), ElementsAre("dropped #M1", "sent #M0"));
}

TEST(RapiroQueue, NoRobotIsToldOnceAndWhatWaitsIsDropped) {
  Line line;
  line.look();
  line.say("#M1");
  line.ask_in_vain(10);
  EXPECT_THAT(line.log.take(), ElementsAre("dropped #M1", "away: it has not answered for 5000 ms"));
  line.say("#M0");
  line.hear("#C0");
  EXPECT_EQ(line.out(), "#M0");
  EXPECT_THAT(line.log.take(), ElementsAre("back", "sent #M0"));
}

TEST(RapiroQueue, EvenAStopIsNotKeptForARobotThatIsAway) {
  Line line;
  line.look();
  line.say("#M0");
  line.ask_in_vain(7);
  EXPECT_THAT(line.log.take(), ElementsAre("away: it has not answered for 5000 ms", "dropped #M0"));
  EXPECT_TRUE(line.queue.idle());
}

TEST(RapiroQueue, ALineThatOnlyEchoesIsTold) {
  Line line;
  line.look();
  line.hear("#C");
  line.pass(1000ms);
  EXPECT_THAT(line.log.take(), ElementsAre("away: the line only echoes what is sent to it"));
  line.pass(100ms);
  line.out();
  line.hear("#C#C0");
  EXPECT_THAT(line.log.take(), ElementsAre("back")) << "an echo does not hide a robot";
}

TEST(RapiroQueue, ANewerMotionReplacesOneThatWaits) {
  RapiroQueue::Limits limits;
  limits.coalesce = true;
  Line line(limits);
  line.open();
  line.begin("#M1");
  for (const char* command : {"#M3", kRed, "#PS00A090T005", "#M4", kBlue}) line.say(command);
  EXPECT_THAT(line.log.take(), ElementsAre("dropped #M3", fmt::format("dropped {}", kRed)))
      << "neither what is in flight nor the arm, which the eyes' colour does not move";
  line.hear("#M1");
  line.out();
  line.hear("#C0");
  EXPECT_EQ(line.out(), "#PS00A090T005");
}

TEST(RapiroQueue, WhatIsSentTwiceBecauseTheLineHungUpIsTold) {
  Line line;
  line.open();
  line.begin("#M1");
  line.queue.closed();
  EXPECT_THAT(line.log.take(), ElementsAre("retrying #M1: the line hung up before its answer"));
}

TEST(RapiroQueue, RefusesTheNewestWhenFull) {
  Line line;
  for (int i = 0; i < 65; ++i) line.say("#M1");
  EXPECT_THAT(line.log.take(), ElementsAre("refused #M1: 64 commands wait already"));
  EXPECT_EQ(line.queue.waiting(), 64u);
  line.say("#M0");
  EXPECT_EQ(line.queue.waiting(), 1u);
}

TEST(RapiroQueue, RefusesWhatTheFirmwareWouldNotUnderstand) {
  Line line;
  line.open();
  line.say("#PR255");
  EXPECT_EQ(line.out(), "");
  const auto lines = line.log.take();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("refused #PR255: "));
}

TEST(RapiroQueue, StopDropsWhatWaitsAndNeedsNoFreeBuffer) {
  Line line;
  line.open();
  line.begin("#M1");
  line.say(kRed);
  line.say("#M3");
  line.say("#M0");
  EXPECT_THAT(line.log.take(), ElementsAre("dropped #M3", fmt::format("dropped {}", kRed)));
  EXPECT_EQ(line.out(), "") << "not before the reply to what is in flight";
  line.hear("#M1");
  EXPECT_EQ(line.out(), "#M0");
  line.hear("#M0");
  EXPECT_TRUE(line.queue.idle());
}

TEST(RapiroQueue, StopAlsoDropsWhatWasOnlyAskedFor) {
  Line line;
  line.open();
  line.say(kRed);
  EXPECT_EQ(line.out(), "#C");
  line.say("#M0");
  EXPECT_THAT(line.log.take(), ElementsAre(fmt::format("dropped {}", kRed)));
  EXPECT_EQ(line.out(), "");
  line.hear("#CF");
  EXPECT_EQ(line.out(), "#M0") << "full or not";
}

TEST(RapiroQueue, StopInterruptsTheWaitForTheBuffer) {
  Line line;
  line.open();
  line.say(kRed);
  line.out();
  line.hear("#CF");
  line.say("#M0");
  EXPECT_EQ(line.out(), "#M0");
}

TEST(RapiroQueue, StopIsNotHeldUpByResends) {
  Line line;
  line.open();
  line.begin("#M1");
  line.say("#M0");
  line.pass(1s);
  EXPECT_THAT(line.log.take(), ElementsAre("gave up #M1"));
  EXPECT_EQ(line.out(), "\n\n");
  line.pass(100ms);
  EXPECT_EQ(line.out(), "#M0");
}

TEST(RapiroQueue, CommandsOutliveTheLine) {
  Line line;
  line.open();
  line.begin("#M1");
  line.say(kRed);
  line.queue.closed();
  EXPECT_EQ(line.queue.next_deadline(), std::nullopt);
  line.hear("#M1");  // nothing is heard on a closed line
  line.say("#M3");
  line.pass(2900ms);
  EXPECT_EQ(line.out(), "");
  EXPECT_EQ(line.queue.waiting(), 3u);
  line.open();
  EXPECT_EQ(line.out(), "#M1") << "it was not answered, so it is sent again";
}

TEST(RapiroQueue, OutputNobodyTakesIsReplacedNotAddedTo) {
  Line line;
  line.open();
  line.say("#M1");
  line.pass(1s);  // "#C" was never taken
  EXPECT_EQ(line.out(), "\n\n");
  EXPECT_EQ(line.out(), "");
}

// The queue against the firmware: whatever is said and whenever, every command ends in one event,
// none is answered by an error and nothing but whole commands is written.
TEST(RapiroQueue, GetsOnWithTheFirmware) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    Line line;
    RapiroFirmware robot(line.now);
    robot.received("#PS0", line.now);  // left by whoever had the line before
    line.queue.opened(line.now);
    const std::vector<const char*> commands = {"#M1", "#M3", kRed,  kBlue,
                                               "#M5", kRed,  kBlue, "#M0"};
    int said = 0;
    std::size_t ended = 0;
    for (int step = 0; step < 4000; ++step) {
      if (said < 60 && random() % 40 == 0) {
        line.say(commands[random() % commands.size()]);
        ++said;
      }
      if (auto output = line.queue.take_output()) {
        ASSERT_TRUE(*output == "\n\n" || !validate_command(*output)) << *output;
        line.hear(robot.received(*output, line.now));
      }
      for (const std::string& event : line.log.take()) {
        ASSERT_EQ(event.find("retrying"), std::string::npos) << event;
        ASSERT_EQ(event.find("unexpected"), std::string::npos) << event;
        if (event.substr(0, 4) != "sent") ++ended;
      }
      line.pass(std::chrono::milliseconds(random() % 50));
    }
    for (int i = 0; i < 100'000 && !line.queue.idle(); ++i) {
      if (auto output = line.queue.take_output()) line.hear(robot.received(*output, line.now));
      line.pass(10ms);
    }
    for (const std::string& event : line.log.take()) ended += event.substr(0, 4) != "sent";
    EXPECT_EQ(ended, static_cast<std::size_t>(said));
  }
}

// Random bytes for answers, random times, lines that come and go: bounded, and never half a
// command.
TEST(RapiroQueue, SurvivesARobotGoneMad) {
  std::mt19937 random(99);
  Line line;
  for (int i = 0; i < 50'000; ++i) {
    switch (random() % 8) {
      case 0:
        line.say(random() % 2 ? kRed : "#M1");
        break;
      case 1:
        if (random() % 20 == 0) line.queue.closed();
        break;
      case 2:
        if (random() % 20 == 0) line.queue.opened(line.now);
        break;
      case 3:
        if (random() % 30 == 0) line.say("#M0");
        break;
      case 4:
        line.pass(std::chrono::milliseconds(random() % 1200));
        break;
      default: {
        std::string noise;
        for (int n = 0; n < 4; ++n) noise.push_back("#MPEQCT01F\xff\n"[random() % 12]);
        line.hear(noise);
      }
    }
    const std::string out = line.out();
    ASSERT_TRUE(out.empty() || out == "\n\n" || !validate_command(out)) << out;
    ASSERT_LE(line.queue.waiting(), 64u);
    line.log.take();
  }
}

}  // namespace
}  // namespace bunshin
