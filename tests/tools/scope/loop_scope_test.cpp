#include "tools/scope/loop_scope.h"

#include <gmock/gmock.h>

#include <set>

#include "handlers/http/http_server.h"
#include "reactor/log.h"
#include "tests/support/descriptor_limit.h"
#include "tests/tools/scope/scope_case.h"
#include "tools/scope/loop_event.h"

namespace bunshin::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class LoopScopeTest : public ScopeCase {
 protected:
  static constexpr const char* kLocal = "Host: 127.0.0.1\r\n";
};
BUNSHIN_EVERY_ENGINE(LoopScopeTest);

TEST_P(LoopScopeTest, ServesThePageAndLetsNothingElseRunInIt) {
  EXPECT_THAT(ask("GET", "/", kLocal),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Content-Type: text/html; charset=utf-8"),
                    HasSubstr("Content-Security-Policy: default-src 'none'; script-src 'self'"),
                    HasSubstr("frame-ancestors 'none'"), HasSubstr("X-Frame-Options: DENY"),
                    HasSubstr("<!doctype html>"), EndsWith("</html>\n")));
  EXPECT_THAT(ask("GET", "/page.js", kLocal), HasSubstr("Content-Type: text/javascript"));
  EXPECT_THAT(ask("GET", "/page.css", kLocal), HasSubstr("Content-Type: text/css"));
}

TEST_P(LoopScopeTest, IsNotDrivenByPagesElsewhere) {
  const std::string viewer = "X-Bunshin-Viewer: me\r\nContent-Length: 0\r\n";
  EXPECT_THAT(ask("POST", "/pause", "Host: evil.example\r\n" + viewer), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(ask("POST", "/pause", kLocal + viewer + "Origin: http://evil.example\r\n"),
              StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(ask("POST", "/pause", kLocal + std::string("Content-Length: 0\r\n")),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("POST", "/pause", kLocal + std::string("X-Bunshin-Viewer: <b>\r\n")),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("GET", "/pause", kLocal), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(ask("GET", "/events", "Host: evil.example\r\n"), StartsWith("HTTP/1.1 403"));
  EXPECT_FALSE(reactor.paused());
}

TEST_P(LoopScopeTest, SaysNoToWhatItDoesNotKnowOrCanNotRead) {
  EXPECT_THAT(ask("GET", "/../../etc/passwd", kLocal), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(ask("GET", "/" + std::string(20'000, 'x'), kLocal), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(ask("POST", "/pause", kLocal + std::string("Content-Length: 1000000\r\n")),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ask("what", "is this", ""), StartsWith("HTTP/1.1 400"));
}

TEST_P(LoopScopeTest, TellsWhoIsThereAndWhatHappens) {
  Peer before = connect();
  echo(before);
  Viewer viewer = look_on();
  const json hello = viewer.events.front();
  EXPECT_EQ(hello.at("event"), "hello");
  EXPECT_EQ(hello.at("schema"), kEventSchema);
  EXPECT_EQ(hello.at("program"), "bunshin test");
  EXPECT_EQ(hello.at("engine"), GetParam());
  ASSERT_EQ(viewer.count("opened"), 2U);
  for (const json& opened : viewer.named("opened")) EXPECT_EQ(opened.at("already"), true);
  Peer after = connect();
  echo(after);
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.count("ends") >= 2; }));
  const json opened = viewer.named("opened").back();
  EXPECT_EQ(opened.at("class"), "EchoHandler");
  EXPECT_EQ(opened.at("peer"), after.local_address().to_string());
  EXPECT_EQ(opened.at("local"), server->local_address().to_string());
  after.close();
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.count("closing") == 1; }));
  EXPECT_EQ(viewer.named("closing")[0].at("handler"), opened.at("handler"));
}

TEST_P(LoopScopeTest, DoesNotShowItselfUnlessAsked) {
  Viewer viewer = look_on();
  rounds_in(200ms);
  viewer.look();
  for (const char* name : {"round_begins", "ready", "begins", "did"}) {
    EXPECT_EQ(viewer.count(name), 0U) << name;
  }
  Viewer all = look_on("/events?background=1");
  ASSERT_TRUE(run_with(all, [&] { return all.count("begins") > 0; }));
}

TEST_P(LoopScopeTest, SamplesWhatWaits) {
  Viewer viewer = look_on();
  Peer one = connect();
  echo(one);
  ASSERT_TRUE(run_with(viewer, [&] {
    const auto samples = viewer.named("sample");
    return !samples.empty() && samples.back().at("handlers").size() == 2;
  }));
  const json sample = viewer.named("sample").back();
  for (const json& its : sample.at("handlers")) {
    if (its.at("received") != 1) continue;
    EXPECT_EQ(its.at("sent"), 1);
    EXPECT_EQ(its.at("unsent"), 0);
    EXPECT_EQ(its.at("writable"), true);
    EXPECT_EQ(its.at("kernel_in"), 0);
    EXPECT_GT(its.at("served"), 0);
    return;
  }
  ADD_FAILURE() << sample;
}

TEST_P(LoopScopeTest, TellsTheStateToTools) {
  Peer one = connect();
  echo(one);
  const std::string answer = ask("GET", "/state", kLocal);
  const json state = json::parse(answer.substr(answer.find("\r\n\r\n")));
  EXPECT_EQ(state.at("program"), "bunshin test");
  EXPECT_EQ(state.at("paused"), false);
  EXPECT_EQ(state.at("viewers"), 0);
  std::vector<std::string> classes;
  for (const json& its : state.at("handlers")) classes.push_back(its.at("class"));
  EXPECT_THAT(classes, ::testing::IsSupersetOf({"EchoHandler", "EchoServer"}));
}

TEST_P(LoopScopeTest, PassesLogLinesOnAndTellsThem) {
  Viewer viewer = look_on();
  bunshin::log(LogLevel::warning, "a <b>line</b> of \"{}\"", "it");
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.count("log") == 1; }));
  EXPECT_EQ(viewer.named("log")[0].at("level"), "warning");
  EXPECT_EQ(viewer.named("log")[0].at("text"), "a <b>line</b> of \"it\"");
  EXPECT_EQ(log.count("a <b>line</b>"), 1U);
}

TEST_P(LoopScopeTest, WarnsOfWhatIsProbablyWrong) {
  Viewer viewer = look_on();
  auto [slow, peer] = [this] {
    Connection connection = make_connection(Family::ipv4);
    return std::pair<TestHandler&, Peer>(add(std::move(connection.ours), Kind::inet_stream),
                                         std::move(connection.peer));
  }();
  int calls = 0;
  slow.on_read = [&, &its = slow] {
    if (calls++ == 0) return;  // does nothing
    const auto until = Clock::now() + 15ms;
    while (Clock::now() < until) {
    }
    reactor.recv(its);
  };
  peer.send("x");
  ASSERT_TRUE(run_with(viewer, [&] { return viewer.count("warning") == 2; }));
  EXPECT_EQ(viewer.named("warning")[0].at("kind"), "idle_callback");
  EXPECT_EQ(viewer.named("warning")[1].at("kind"), "slow_callback");
  slow.close();
}

TEST_P(LoopScopeTest, WarnsOfAPeerThatDoesNotRead) {
  Viewer viewer = look_on();
  Peer deaf = connect();
  const std::string much(1'000'000, 'x');
  ASSERT_TRUE(run_with(viewer, [&] {
    deaf.send_now(much);
    std::set<std::string> kinds;
    for (const json& warning : viewer.named("warning")) kinds.insert(warning.at("kind"));
    // io_uring takes more than the kernel's buffer from the handler: what is left may be little.
    const bool filled = kinds.count("watermark") > 0 || GetParam() == "io_uring";
    return filled && kinds.count("peer_not_reading") > 0;
  })) << json(viewer.named("warning"));
}

TEST_P(LoopScopeTest, AThousandConnectionsToItLeaveTheServerServing) {
  const RoomForDescriptors room;
  const SocketAddress address = scope_address();
  std::vector<UniqueFd> clients;  // that do not wait: the kernel's queue is shorter
  for (int count = 0; count < 1000; ++count) {
    clients.push_back(make_stream_socket(address.family()));
    ::connect(clients.back().get(), address.data(), address.size());
    run_rounds(1);
  }
  std::size_t ours = 0;
  reactor.for_each([&ours](EventHandler& handler) { ours += handler.has_ref() ? 0U : 1U; });
  EXPECT_LE(ours, 2 * HttpOptions().most_connections + 10);
  Peer one = connect();
  echo(one);
}

TEST_P(LoopScopeTest, SoManyMayLookOnAndNoMore) {
  std::vector<Viewer> viewers;
  for (std::size_t count = 0; count < 16; ++count) viewers.push_back(look_on());
  EXPECT_EQ(scope->viewers(), 16U);
  EXPECT_THAT(ask("GET", "/events", kLocal), StartsWith("HTTP/1.1 503"));
}

TEST_P(LoopScopeTest, GoesBeforeOrAfterItsViewers) {
  Viewer viewer = look_on();
  scope.reset();
  Peer one = connect();
  echo(one);
  EXPECT_EQ(receive_all(viewer.peer()).find("bye"), std::string::npos);
}

TEST_P(LoopScopeTest, NobodyKeepsTheLoopGoingForItsSake) {
  Viewer viewer = look_on();
  server->close();
  run_rounds(1);
  EXPECT_TRUE(reactor.over());
}

TEST_P(LoopScopeTest, CanNotListenWhereSomebodyElseDoes) {
  const Listener taken(Family::ipv4);
  options.address = Endpoint::parse(taken.address.to_string());
  scope.reset();
  EXPECT_THROW(scope.emplace(reactor, options), std::system_error);
  Peer one = connect();
  echo(one);
}

}  // namespace
}  // namespace bunshin::testing
