#include "bridge/moving_mute.h"

#include <gmock/gmock.h>

namespace bunshin {
namespace {

using namespace std::chrono_literals;

class Count : public RobotObserver {
 public:
  void sent(std::string_view) override { ++told; }
  void answered(std::string_view, std::string_view) override { ++told; }
  void retrying(std::string_view, std::string_view) override { ++told; }
  void gave_up(std::string_view, std::string_view) override { ++told; }
  void dropped(std::string_view, std::string_view) override { ++told; }
  void refused(std::string_view, std::string_view) override { ++told; }
  int told = 0;
};

struct Moving {
  Count count;
  MovingMute mute{count};
  const MovingMute::TimePoint now{};

  Moving() { mute.moves(now + 5s); }
  bool look(const char* status) {
    EXPECT_TRUE(mute.look());
    mute.sent("#Q");
    mute.answered("#Q", status);
    return mute.moving(now);
  }
};

TEST(MovingMute, APoseIsOverWhenItHasNoTimeLeft) {
  Moving robot;
  EXPECT_TRUE(robot.look("#QPT007"));
  EXPECT_FALSE(robot.look("#QPT000"));
  EXPECT_EQ(robot.count.told, 0) << "its own questions are nobody's business";
}

TEST(MovingMute, AMotionIsNeverOverButForTheLimit) {
  Moving robot;
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(robot.look("#QM1T000"));
  EXPECT_TRUE(robot.mute.moving(robot.now + 4999ms));
  EXPECT_FALSE(robot.mute.moving(robot.now + 5s));
}

TEST(MovingMute, AStopTakesASecond) {
  Moving robot;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(robot.look("#QM0T009"));
  EXPECT_FALSE(robot.look("#QM0T001"));
}

TEST(MovingMute, AskedAgainWhenTheAnswerHasCome) {
  Moving robot;
  EXPECT_TRUE(robot.mute.look());
  EXPECT_FALSE(robot.mute.look());
  robot.mute.gave_up("#Q", "no reply");
  EXPECT_TRUE(robot.mute.look());
  robot.mute.dropped("#Q", "too old");
  EXPECT_TRUE(robot.mute.look());
  robot.mute.refused("#Q", "full");
  EXPECT_TRUE(robot.mute.look());
  EXPECT_EQ(robot.count.told, 0);
}

TEST(MovingMute, WhatOthersDoIsPassedOn) {
  Moving robot;
  robot.mute.sent("#Q");  // a rule's
  robot.mute.answered("#Q", "#QM1T000");
  robot.mute.sent("#M1");
  robot.mute.retrying("#M1", "");
  robot.mute.gave_up("#M1", "");
  robot.mute.dropped("#M1", "");
  robot.mute.refused("#M1", "");
  EXPECT_EQ(robot.count.told, 7);
}

}  // namespace
}  // namespace bunshin
