#include "reactor/socket_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/un.h>

#include <string>
#include <system_error>

#include "tests/support/peer.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;

class GoodAddress : public ::testing::TestWithParam<std::string> {};

TEST_P(GoodAddress, ReadsBackAsItWasWritten) {
  const Endpoint endpoint = Endpoint::parse(GetParam());
  EXPECT_EQ(endpoint.to_string(), GetParam());
  const auto address = endpoint.numeric();
  ASSERT_TRUE(address.has_value());
  EXPECT_EQ(address->to_string(), GetParam());
  EXPECT_EQ(*address, endpoint.look_up().at(0));
}
INSTANTIATE_TEST_SUITE_P(Forms, GoodAddress,
                         ::testing::Values("127.0.0.1:9876", "0.0.0.0:0", "255.255.255.255:65535",
                                           "[::1]:9876", "[::]:0", "[2001:db8::2]:80",
                                           "unix:/tmp/socket", "unix:relative", "unix:/with:colon",
                                           "unix:/with space", "unix:./@file"));

#ifdef __linux__
TEST(SocketAddressTest, AnAbstractNameReadsBackAsItWasWritten) {
  for (const std::string text : {"unix:@name", "unix:@with/slash", "unix:@"}) {
    const SocketAddress address = *Endpoint::parse(text).numeric();
    EXPECT_EQ(address.to_string(), text);
    EXPECT_EQ(address.path(), "") << "it is no file";
  }
}
#endif

struct Bad {
  std::string text;
  std::string reason;
};
void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.text.substr(0, 40); }
class BadAddress : public ::testing::TestWithParam<Bad> {};

TEST_P(BadAddress, SaysWhyAndShowsTheForms) {
  try {
    Endpoint::parse(GetParam().text);
    FAIL() << "accepted";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EINVAL);
    EXPECT_THAT(error.what(), HasSubstr(GetParam().reason));
    EXPECT_THAT(error.what(), HasSubstr("[::1]:9876"));
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    EXPECT_THAT(error.what(), ::testing::EndsWith("unix:/path)")) << "the reason stands before";
  }
}
INSTANTIATE_TEST_SUITE_P(
    Forms, BadAddress,
    ::testing::Values(Bad{"", "port"}, Bad{"localhost", "port is missing"},
                      Bad{"127.0.0.1:", "0 to 65535"}, Bad{"127.0.0.1:65536", "0 to 65535"},
                      Bad{"127.0.0.1:-1", "0 to 65535"}, Bad{"127.0.0.1:+80", "0 to 65535"},
                      Bad{"127.0.0.1:http", "0 to 65535"}, Bad{"127.0.0.1:80 ", "0 to 65535"},
                      Bad{"127.0.0.1:99999999999999999999", "0 to 65535"}, Bad{":", "0 to 65535"},
                      Bad{"65536", "0 to 65535"}, Bad{":65536", "0 to 65535"},
                      Bad{"+80", "port is missing"}, Bad{"-1", "port is missing"},
                      Bad{"[]:9876", "host is missing"}, Bad{"::1:9876", "brackets"},
                      Bad{"[::1:9876", "brackets"}, Bad{"unix:", "path is missing"},
                      Bad{"unix:/" + std::string(200, 'x'), "longer than"},
                      Bad{std::string("unix:/a\0b", 9), "NUL"},
                      Bad{std::string("a\0b:1", 5), "NUL"}));

TEST(SocketAddressTest, TheLongestUnixPathFits) {
  const std::string path(sizeof(sockaddr_un::sun_path) - 1, 'p');
  EXPECT_EQ(Endpoint::parse("unix:" + path).numeric()->path(), path);
}

TEST(SocketAddressTest, APortAloneIsOneOfThisMachine) {
  for (const char* text : {"9876", ":9876"}) {
    const Endpoint endpoint = Endpoint::parse(text);
    EXPECT_EQ(endpoint.to_string(), "127.0.0.1:9876");
    EXPECT_EQ(endpoint.numeric()->to_string(), "127.0.0.1:9876");
  }
  EXPECT_EQ(Endpoint::parse("0").numeric()->port(), 0) << "any free one";
}

TEST(SocketAddressTest, AHostNameIsNotNumeric) {
  const Endpoint endpoint = Endpoint::parse("localhost:10500");
  EXPECT_FALSE(endpoint.numeric().has_value());
  EXPECT_EQ(endpoint.to_string(), "localhost:10500");
}

TEST(SocketAddressTest, LocalhostIsFound) {
  const auto addresses = Endpoint::parse("localhost:10500").look_up();
  ASSERT_FALSE(addresses.empty());
  for (const SocketAddress& address : addresses) {
    EXPECT_EQ(address.port(), 10500);
    EXPECT_THAT(address.to_string(), ::testing::AnyOf("127.0.0.1:10500", "[::1]:10500"));
  }
}

TEST(SocketAddressTest, AnUnknownHostGivesASentence) {
  const FakeNames names([](const std::string&) { return ""; });
  try {
    (void)Endpoint::parse("nowhere.test:1").look_up();
    FAIL() << "found";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot look up nowhere.test:1: "));
  }
}

TEST(SocketAddressTest, KnowsFamilyPortAndPath) {
  const auto v4 = *Endpoint::parse("127.0.0.1:80").numeric();
  EXPECT_EQ(v4.family(), AF_INET);
  EXPECT_TRUE(v4.is_internet());
  EXPECT_EQ(v4.port(), 80);
  EXPECT_EQ(v4.path(), "");
  const auto v6 = *Endpoint::parse("[::1]:81").numeric();
  EXPECT_EQ(v6.family(), AF_INET6);
  EXPECT_TRUE(v6.is_internet());
  EXPECT_EQ(v6.port(), 81);
  const auto local = *Endpoint::parse("unix:/a/b").numeric();
  EXPECT_EQ(local.family(), AF_UNIX);
  EXPECT_FALSE(local.is_internet());
  EXPECT_EQ(local.port(), 0);
  EXPECT_EQ(local.path(), "/a/b");
  EXPECT_FALSE(v4 == v6);
}

TEST(SocketAddressTest, AnUnnamedUnixPeerHasAnEmptyPath) {
  const Connection connection = make_connection(Family::unix_domain);
  EXPECT_EQ(SocketAddress::local_of(connection.ours.get()).to_string(), "unix:");
}

TEST(SocketAddressTest, BothNamesOfAConnection) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const Connection connection = make_connection(family);
    EXPECT_EQ(SocketAddress::peer_of(connection.ours.get()), connection.peer.local_address());
  }
}

TEST(SocketAddressTest, WhatIsNoSocketHasNoName) {
  EXPECT_THROW(SocketAddress::local_of(-1), std::system_error);
  EXPECT_THROW(SocketAddress::peer_of(-1), std::system_error);
}

}  // namespace
}  // namespace bunshin::testing
