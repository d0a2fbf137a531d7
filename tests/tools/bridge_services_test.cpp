#include <gmock/gmock.h>
#include <signal.h>

#include "tests/tools/services_fixture.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;

TEST_F(ServicesTest, OthersHearTheEngineAndMayCommandItWhenAllowed) {
  Program bridge = run("[share]\nlisten = \"127.0.0.1:0\"\n");
  Peer engine = engine_.accept();
  Peer listener(address_of(bridge, "share.listen"));
  listener.send("STATUS\n");
  EXPECT_TRUE(bridge.wait_for_errors("wants to send STATUS to Julius, which is refused"));
  engine.send("<STARTPROC/>\n.\n");
  EXPECT_EQ(listener.receive(15), "<STARTPROC/>\n.\n");
  write("[share]\nlisten = \"127.0.0.1:0\"\nallow_control = true\n");
  bridge.signal(SIGHUP);
  EXPECT_TRUE(bridge.wait_for_errors("configuration, line 7: allow_control = true is new"));
  EXPECT_TRUE(bridge.wait_for_errors("the configuration was read again"));
  listener.send("STATUS\n");
  EXPECT_EQ(engine.receive(7), "STATUS\n");
  bridge.signal(SIGTERM);
  EXPECT_EQ(listener.receive_all(), "");
}

TEST_F(ServicesTest, BunshinConnectListensToo) {
  Program bridge = run("[share]\nlisten = \"127.0.0.1:0\"\nallow_control = true\n");
  Peer engine = engine_.accept();
  Program listener(bunshin({"connect", address_of(bridge, "share.listen").to_string()}));
  listener.send("VERSION\n");
  EXPECT_EQ(engine.receive(8), "VERSION\n");
  engine.send("<ENGINEINFO/>\n.\n");
  EXPECT_TRUE(listener.wait_for_output("<ENGINEINFO/>\n.\n"));
}

TEST_F(ServicesTest, HupMovesAServiceOrLeavesItWhereItCanBeHad) {
  const std::string first = fresh_path("share");
  const std::string second = fresh_path("share");
  Program bridge = run("[share]\nlisten = \"unix:" + first + "\"\n");
  Peer engine = engine_.accept();
  Peer early(address_of(bridge, "share.listen"));
  write("[share]\nlisten = \"" + engine_.address.to_string() + "\"\n");
  bridge.signal(SIGHUP);
  EXPECT_TRUE(bridge.wait_for_errors("where Julius is"));
  write("[share]\nlisten = \"unix:/nonexistent/share\"\n");
  bridge.signal(SIGHUP);
  EXPECT_TRUE(bridge.wait_for_errors("share.listen: cannot listen on unix:/nonexistent/share"));
  EXPECT_TRUE(bridge.wait_for_errors("stays as it was"));
  Peer still(*Endpoint::parse("unix:" + first).numeric());
  still.send("STILL\n");  // so that it is known to be there
  EXPECT_TRUE(bridge.wait_for_errors("wants to send STILL"));
  write("[share]\nlisten = \"unix:" + second + "\"\n");
  bridge.signal(SIGHUP);
  EXPECT_TRUE(bridge.wait_for_errors("share.listen: listening on unix:" + second));
  EXPECT_TRUE(bridge.wait_for_errors("the configuration was read again"));
  Peer late(*Endpoint::parse("unix:" + second).numeric());
  late.send("LATE\n");
  EXPECT_TRUE(bridge.wait_for_errors("wants to send LATE"));
  bridge.signal(SIGUSR1);
  EXPECT_TRUE(bridge.wait_for_errors("share: 3 listeners, 0 dropped so far"));
  engine.send("<STARTPROC/>\n.\n");
  for (Peer* peer : {&early, &still, &late}) EXPECT_EQ(peer->receive(15), "<STARTPROC/>\n.\n");
  write("");
  bridge.signal(SIGHUP);
  EXPECT_TRUE(bridge.wait_for_errors("configuration, line 5: [share] is gone"));
}

TEST_F(ServicesTest, AnAddressThatCanNotBeHadEndsTheStart) {
  Program bridge = run("[share]\nlisten = \"unix:/nonexistent/share\"\n");
  EXPECT_EQ(bridge.wait(), 1);
  EXPECT_THAT(bridge.errors(), HasSubstr("bunshin: share.listen: cannot listen on "
                                         "unix:/nonexistent/share: No such file or directory\n"));
}

TEST_F(ServicesTest, CheckTellsThem) {
  Program checked = run("[share]\nlisten = \"0.0.0.0:10501\"\nallow_control = true\n", {"--check"});
  EXPECT_EQ(checked.wait(), 0);
  EXPECT_THAT(checked.output(), HasSubstr("lets programs of other machines, too, listen to Julius "
                                          "at 0.0.0.0:10501, and command it\n"));
}

TEST_F(ServicesTest, RawHasNone) {
  Program bridge = run("[share]\nlisten = \"127.0.0.1:0\"\n", {"--raw"});
  EXPECT_TRUE(bridge.wait_for_errors("--raw leaves this out: lets programs listen to Julius"));
}

constexpr const char* kRule = "[[rule]]\nwords = \"赤 に 光れ\"\nsend = \"#M0\"\n";

TEST_F(ServicesTest, AnotherEarMovesTheRobotAndIsToldSo) {
  Program bridge = run("[wyoming]\nlisten = \"127.0.0.1:0\"\n" + std::string(kRule));
  Peer ear(address_of(bridge, "wyoming.listen"));
  ear.send("{\"type\":\"transcript\",\"data\":{\"text\":\"赤に光れ。\"}}\n");
  answer_first_question();
  EXPECT_EQ(read_exactly(pty_.master.get(), 3), "#M0");
  write_all(pty_.master.get(), "#M0");
  const std::string handled =
      "{\"data_length\":72,\"type\":\"handled\"}\n{\"text\":\"\\\"赤 に 光れ\\\": #M0 was sent, "
      "and the "
      "robot answered #M0.\"}";
  EXPECT_EQ(ear.receive(handled.size()), handled);
  EXPECT_TRUE(bridge.wait_for_errors("heard \"赤 に 光れ\": rule \"赤 に 光れ\", #M0"));
  ear.send("{\"type\":\"recognize\",\"data\":{\"text\":\"緑\"}}\n");
  EXPECT_THAT(ear.receive(50), HasSubstr("not-handled"));
}

}  // namespace
}  // namespace bunshin::testing
