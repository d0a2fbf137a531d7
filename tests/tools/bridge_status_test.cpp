#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <thread>

#include "tests/bridge/prometheus_check.h"
#include "tests/support/descriptor_limit.h"
#include "tests/tools/services_fixture.h"
#include "tests/tools/terminal_program.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

/// One word, heard for certain.
std::string heard(std::string_view word) {
  return "<RECOGOUT>\n<SHYPO RANK=\"1\"><WHYPO WORD=\"" + std::string(word) +
         "\" CM=\"0.8\"/></SHYPO>\n</RECOGOUT>\n.\n";
}

constexpr const char* kStatus = "[status]\nlisten = \"127.0.0.1:0\"\n";
constexpr const char* kRule = "[[rule]]\nwords = \"止まれ\"\nsend = \"#M0\"\n";

class StatusTest : public ServicesTest {
 protected:
  static std::string request(const std::string& path, const std::string& host) {
    return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
  }
  /// Head and body of the answer.
  static std::string get(const SocketAddress& address, const std::string& path,
                         const std::string& host = "localhost") {
    Peer peer(address);
    peer.send(request(path, host));
    return peer.receive_all();
  }
  /// Asks until the answer begins with `status`; the whole of it.
  static std::string health(const SocketAddress& address, const std::string& status) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    std::string answer;
    do {
      answer = get(address, "/healthz");
    } while (!answer.starts_with("HTTP/1.1 " + status) &&
             std::chrono::steady_clock::now() < deadline);
    return answer;
  }
};

TEST_F(StatusTest, HealthSaysWhatIsAway) {
  Program bridge = run(kStatus);
  const SocketAddress address = address_of(bridge, "status.listen");
  Peer engine = engine_.accept();
  engine.send("<STARTPROC/>\n.\n");
  EXPECT_THAT(health(address, "200"), HasSubstr("\r\n\r\nok\n"));
  pty_ = Pty();
  EXPECT_THAT(health(address, "503"), HasSubstr("503 Service Unavailable: the serial line"));
  engine_.socket.reset();
  engine.close();
  EXPECT_TRUE(bridge.wait_for_errors("lost Julius"));
  EXPECT_THAT(health(address, "503"),
              HasSubstr("Julius at " + engine_.address.to_string() + " is away\n"));
}

TEST_F(StatusTest, MetricsCountWhatHappens) {
  Program bridge = run(std::string(kStatus) + "[share]\nlisten = \"127.0.0.1:0\"\n" + kRule);
  const SocketAddress address = address_of(bridge, "status.listen");
  Peer engine = engine_.accept();
  engine.send(heard("止まれ") + heard("戻れ") + "<INPUT STATUS=\"LISTEN\"/>\n.\n<A>\n.\n");
  answer_first_question();
  EXPECT_EQ(read_exactly(pty_.master.get(), 3), "#M0");
  write_all(pty_.master.get(), "#M0");
  EXPECT_TRUE(bridge.wait_for_errors("the robot answered #M0"));
  const std::string answer = get(address, "/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  const std::string text = answer.substr(answer.find("\r\n\r\n") + 4);
  EXPECT_THAT(exposition_mistakes(text), IsEmpty());
  for (const char* sample :
       {"bunshin_julius_connected 1\n", "bunshin_line_open 1\n", "bunshin_healthy 1\n",
        "bunshin_julius_connects_total 1\n", "bunshin_julius_skipped_total 1\n",
        "bunshin_julius_messages_total{element=\"RECOGOUT\"} 2\n",
        "bunshin_julius_messages_total{element=\"INPUT\"} 1\n",
        "bunshin_phrases_total{rule=\"止まれ\",outcome=\"send\"} 1\n",
        "bunshin_phrases_total{rule=\"\",outcome=\"no_rule\"} 1\n",
        "bunshin_commands_total{rule=\"止まれ\",outcome=\"answered\"} 1\n",
        "bunshin_commands_waiting 0\n", "bunshin_reply_seconds_count 1\n",
        "bunshin_share_listeners 0\n", "bunshin_loop_lag_seconds_bucket{le=\"+Inf\"} "}) {
    EXPECT_THAT(text, HasSubstr(sample));
  }
}

TEST_F(StatusTest, OnlyNamesThatAreListedMayBeAskedFor) {
  Program bridge = run(kStatus);
  const SocketAddress before = address_of(bridge, "status.listen");
  EXPECT_THAT(get(before, "/metrics", "pi.local:9110"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(get(before, "/", "localhost"), StartsWith("HTTP/1.1 404"));
  write(std::string(kStatus) + "names = [\"pi.local\"]\n");
  bridge.signal(SIGHUP);
  EXPECT_TRUE(bridge.wait_for_errors("the configuration was read again"));
  EXPECT_THAT(get(address_of(bridge, "status.listen"), "/metrics", "pi.local:9110"),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(StatusTest, AThousandClients) {
  const RoomForDescriptors room;
  Program bridge = run(kStatus);
  const SocketAddress address = address_of(bridge, "status.listen");
  Peer engine = engine_.accept();
  std::vector<Peer> peers;
  for (int count = 0; count < 1000; ++count) {
    peers.emplace_back(address);
    peers.back().send(request("/healthz", "localhost"));
  }
  std::size_t answered = 0;
  for (Peer& peer : peers) {
    const std::string answer = peer.receive(9);
    answered += answer == "HTTP/1.1 " ? 1 : 0;
    peer.close();
  }
  EXPECT_EQ(answered, 1000U) << "with 200, or 503 when there are too many at once";
  engine.send("<STARTPROC/>\n.\n");
  EXPECT_THAT(health(address, "200"), HasSubstr("\r\n\r\nok\n"));
}

/// The socket of a service manager.
struct NotifySocket {
  NotifySocket() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const timeval limit{5, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  /// Waits for a datagram that holds `text`.
  bool told(std::string_view text) const {
    char buffer[1024];
    for (;;) {
      const ssize_t size = ::recv(socket.get(), buffer, sizeof buffer, 0);
      if (size < 0) return false;
      const std::string_view datagram(buffer, static_cast<std::size_t>(size));
      if (datagram.find(text) != datagram.npos) return true;
    }
  }
  std::string path = fresh_path("notify");
  UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

TEST_F(StatusTest, AServiceManagerIsToldHowItGoes) {
  const NotifySocket manager;
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--raw"}}) {
    std::vector<std::string> words{"/usr/bin/env", "NOTIFY_SOCKET=" + manager.path,
                                   "WATCHDOG_USEC=100000"};
    write("");
    for (const std::string& word : command(more)) words.push_back(word);
    Program bridge(words);
    EXPECT_TRUE(manager.told("READY=1\nWATCHDOG=1\nSTATUS="));
    EXPECT_TRUE(manager.told("WATCHDOG=1"));
    bridge.signal(SIGHUP);
    EXPECT_TRUE(manager.told("RELOADING=1\nMONOTONIC_USEC="));
    EXPECT_TRUE(manager.told("READY=1"));
    bridge.signal(SIGTERM);
    EXPECT_TRUE(manager.told("STOPPING=1"));
    EXPECT_EQ(bridge.wait(), 0);
  }
}

/// Passes a listening socket as systemd does, and becomes what follows.
constexpr const char* kActivate = R"(
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print("listening on 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)  # where it was 3 already
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES=sys.argv[1])
os.execv(sys.argv[2], sys.argv[2:])
)";

class ActivationTest : public StatusTest {
 protected:
  Program activate(const std::string& name, std::string_view sections) const {
    write(sections);
    std::vector<std::string> words{"/usr/bin/python3", "-c", kActivate, name};
    for (const std::string& word : command()) words.push_back(word);
    return Program(words);
  }
};

TEST_F(ActivationTest, ASocketThatSystemdPassesIsListenedOn) {
  for (const std::string name : {"status", "share"}) {
    Program bridge = activate(name, "[" + name + "]\nlisten = \"systemd\"\n");
    const SocketAddress address = *Endpoint::parse(bridge.output_after("listening on ")).numeric();
    EXPECT_EQ(address_of(bridge, name + ".listen").to_string(), address.to_string());
    Peer engine = engine_.accept();
    engine.send("<STARTPROC/>\n.\n");
    if (name == "status") {
      EXPECT_THAT(health(address, "200"), HasSubstr("ok\n"));
    }
    Peer early(address);
    write("");
    bridge.signal(SIGHUP);
    EXPECT_TRUE(bridge.wait_for_errors("the configuration was read again"));
    write("[" + name + "]\nlisten = \"systemd\"\n");
    bridge.signal(SIGHUP);
    EXPECT_EQ(address_of(bridge, name + ".listen").to_string(), address.to_string()) << "once more";
    EXPECT_EQ(bridge.errors().find("nothing listens on"), std::string::npos);
  }
}

TEST_F(ActivationTest, ASocketThatNobodyWantsAndOneThatIsNotThereAreTold) {
  Program bridge = activate("status", "");
  EXPECT_TRUE(
      bridge.wait_for_errors("systemd passes a socket \"status\", which nothing listens on: "
                             "[status] with listen = \"systemd\" would"));
  Program failing = activate("other", "[share]\nlisten = \"systemd\"\n");
  EXPECT_EQ(failing.wait(), 1);
  EXPECT_THAT(failing.errors(), HasSubstr("share.listen: systemd passes no socket of that name: "
                                          "FileDescriptorName=share"));
}

/// What children that have ended have used.
std::chrono::microseconds children_cpu() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

// The shell's terminal is closed, ssh loses its connection: the robot is not left with half of what
// was said. Who wants the bridge to end says so, with SIGTERM.
TEST_F(StatusTest, ATerminalThatHangsUpDoesNotEndTheBridge) {
  write(kRule);
  const auto cpu_before = children_cpu();
  TerminalProgram bridge({"bridge", "--config", config_});
  Peer engine = engine_.accept();
  answer_first_question();
  engine.send("<STARTPROC/>\n.\n");
  bridge.wait_for_text("connected to Julius");
  bridge.hang_up();
  engine.send(heard("止まれ"));
  EXPECT_EQ(read_exactly(pty_.master.get(), 3), "#M0");
  write_all(pty_.master.get(), "#M0");
  engine.send(heard("止まれ"));
  EXPECT_EQ(read_exactly(pty_.master.get(), 3), "#M0");
  write_all(pty_.master.get(), "#M0");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // time in which it could spin
  bridge.program().signal(SIGTERM);
  engine.close();
  EXPECT_EQ(bridge.program().wait(), 0);
  EXPECT_LT(children_cpu() - cpu_before, std::chrono::milliseconds(150));
}

}  // namespace
}  // namespace bunshin::testing
