#include <signal.h>

#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;

class ChatCommandOn : public ::testing::TestWithParam<Setting> {};
BUNSHIN_EVERY_SETTING(ChatCommandOn);

TEST_P(ChatCommandOn, CarriesLinesToEverybody) {
  Server server({"chat", "--engine", GetParam().engine}, GetParam().family);
  Peer ann = server.connect();
  Peer bob = server.connect();
  // Its own line says that Bob is in the room.
  bob.send("hello\n");
  EXPECT_EQ(bob.receive(6), "hello\n");
  ann.send("to all\n");
  EXPECT_EQ(bob.receive(7), "to all\n");
  server.signal(SIGTERM);
  EXPECT_EQ(bob.receive_all(), "");
  EXPECT_THAT(ann.receive_all(), HasSubstr("to all\n"));
  ann.close();
  bob.close();
  EXPECT_EQ(server.wait(), 0);
  EXPECT_EQ(server.errors(), "");
}

TEST(ChatCommand, ASecondSignalEndsAtOnce) {
  Server server({"chat"});
  Peer stays = server.connect();
  stays.send("hello\n");
  EXPECT_EQ(stays.receive(6), "hello\n");
  server.signal(SIGTERM);
  EXPECT_EQ(stays.receive_all(), "");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

TEST(ChatCommand, UsageErrorsAreOneLineThatHelps) {
  const auto [status, line] = failure_of({"chat", "nonsense"});
  EXPECT_EQ(status, 2);
  EXPECT_THAT(line, HasSubstr("port"));
  const auto [other, why] = failure_of({"chat", "--stamp"});
  EXPECT_EQ(other, 2);
  EXPECT_THAT(why, HasSubstr("--stamp"));
}

}  // namespace
}  // namespace bunshin::testing
