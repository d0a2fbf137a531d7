#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>

#include "tests/support/files.h"
#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;

/// A bridge that runs as a program, with an engine and a line that the test plays.
class ServicesTest : public ::testing::Test {
 protected:
  void write(std::string_view sections) const {
    std::ofstream(config_) << "[julius]\naddress = \"" << engine_.address.to_string()
                           << "\"\n[serial]\ndevice = \"" << pty_.slave_path << "\"\n"
                           << sections;
  }
  Program run(std::string_view sections, std::vector<std::string> more = {}) const {
    write(sections);
    std::vector<std::string> arguments{"bridge", "--config", config_};
    for (std::string& argument : more) arguments.push_back(std::move(argument));
    return Program(bunshin(std::move(arguments)));
  }
  /// Where a service listens, from what the bridge says.
  static SocketAddress address_of(Program& bridge, const std::string& key) {
    const std::string label = key + ": listening on ";
    EXPECT_TRUE(bridge.wait_for_errors(label));
    const std::string& errors = bridge.errors();
    const std::size_t begin = errors.rfind(label) + label.size();
    EXPECT_TRUE(bridge.wait_for_errors("\n"));
    return *Endpoint::parse(errors.substr(begin, errors.find('\n', begin) - begin)).numeric();
  }

  Listener engine_{Family::ipv4};
  Pty pty_ = make_pty();
  std::string config_ = make_file("");
};

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
  EXPECT_TRUE(bridge.wait_for_errors("share.allow_control: true instead of false"));
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
  write("[share]\nlisten = \"unix:" + second + "\"\n");
  bridge.signal(SIGHUP);
  EXPECT_TRUE(bridge.wait_for_errors("share.listen: listening on unix:" + second));
  EXPECT_TRUE(bridge.wait_for_errors("the configuration was read again"));
  Peer late(*Endpoint::parse("unix:" + second).numeric());
  bridge.signal(SIGUSR1);
  EXPECT_TRUE(bridge.wait_for_errors("share: 3 listeners, 0 dropped so far"));
  engine.send("<STARTPROC/>\n.\n");
  for (Peer* peer : {&early, &still, &late}) EXPECT_EQ(peer->receive(15), "<STARTPROC/>\n.\n");
  write("");
  bridge.signal(SIGHUP);
  EXPECT_TRUE(bridge.wait_for_errors("share.listen:  instead of"));
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

}  // namespace
}  // namespace bunshin::testing
