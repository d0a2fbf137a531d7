// Clients that people already have, against the servers as programs.

#include <gmock/gmock.h>

#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {
namespace {

constexpr const char* kTelnetlib = R"(
import sys, telnetlib
telnet = telnetlib.Telnet("127.0.0.1", int(sys.argv[1]), 5)
for line in sys.stdin:
    telnet.write(line.encode())
    sys.stdout.write(telnet.read_until(b"\n", 5).decode())
    sys.stdout.flush()
)";

constexpr const char* kAsyncore = R"(
import asyncore, socket, sys
class Client(asyncore.dispatcher_with_send):
    def __init__(self, port):
        super().__init__()
        self.create_socket(socket.AF_INET, socket.SOCK_STREAM)
        self.connect(("127.0.0.1", port))
    def handle_connect(self):
        self.send(sys.stdin.readline().encode())
    def handle_read(self):
        sys.stdout.write(self.recv(1024).decode())
        sys.stdout.flush()
        self.close()
Client(int(sys.argv[1]))
asyncore.loop(timeout=5)
)";

std::vector<std::string> command(const std::string& client, const std::string& port) {
  if (client == "nc") return {"/usr/bin/nc", "-N", "127.0.0.1", port};
  if (client == "socat") return {"/usr/bin/socat", "-t5", "-", "TCP:127.0.0.1:" + port};
  const char* script = client == "telnetlib" ? kTelnetlib : kAsyncore;
  return {"/usr/bin/python3", "-W", "ignore", "-c", script, port};
}

std::string port_of(const Server& server) {
  const std::string address = server.address.to_string();
  return address.substr(address.rfind(':') + 1);
}

class OtherClients : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Are, OtherClients,
                         ::testing::Values("nc", "socat", "telnetlib", "asyncore"),
                         [](const auto& of) { return std::string(of.param); });

TEST_P(OtherClients, GetBackWhatTheySaid) {
  Server server({"echo"});
  Program client(command(GetParam(), port_of(server)));
  client.send("hello, said in many ways\n");
  client.end_input();
  EXPECT_EQ(client.wait(), 0) << client.errors();
  EXPECT_EQ(client.output(), "hello, said in many ways\n");
}

TEST_P(OtherClients, ChatWithBunshinConnect) {
  Server server({"chat"});
  Program ours(bunshin({"connect", server.address.to_string()}));
  ours.send("first\n");  // so that it is known to be there
  EXPECT_TRUE(ours.wait_for_output("first\n"));
  Program other(command(GetParam(), port_of(server)));
  other.send("hello from the other\n");
  EXPECT_TRUE(other.wait_for_output("hello from the other\n")) << other.errors();
  EXPECT_TRUE(ours.wait_for_output("hello from the other\n"));
}

}  // namespace
}  // namespace bunshin::testing
