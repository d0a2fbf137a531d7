#include "tools/load/load_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <system_error>

#include "tests/support/peer.h"
#include "tests/support/system_calls.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;

TEST(LoadTarget, ANumericAddressIsNotAsked) {
  Reactor reactor;
  const SocketAddress nobody = refusing_address(Family::ipv4);
  EXPECT_EQ(reachable_address(reactor, Endpoint::parse(nobody.to_string())), nobody);
}

TEST(LoadTarget, EveryAddressOfAHostIsTried) {
  const Listener listener(Family::ipv4);
  const std::string port = ":" + std::to_string(listener.address.port());
  const BlackHole hole(*Endpoint::parse("127.0.0.2" + port).numeric());
  const FakeNames names([](const std::string&) { return "127.0.0.2 127.0.0.1"; });
  Reactor reactor;
  EXPECT_EQ(reachable_address(reactor, Endpoint::parse("several.test" + port)), listener.address);
  EXPECT_EQ(listener.accept().receive_all(), "") << "the connection that asked is closed";
}

TEST(LoadTarget, AHostThatRefusesIsNamed) {
  const FakeNames names([](const std::string&) { return "127.0.0.1"; });
  const std::string host = "nobody.test:" + std::to_string(refusing_address(Family::ipv4).port());
  Reactor reactor;
  try {
    reachable_address(reactor, Endpoint::parse(host));
    FAIL() << "found";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot connect to " + host));
  }
}

}  // namespace
}  // namespace bunshin::testing
