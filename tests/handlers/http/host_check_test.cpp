#include "handlers/http/host_check.h"

#include <gmock/gmock.h>

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

HttpRequest asked(std::string host) {
  HttpRequest request;
  request.headers.emplace_back("host", std::move(host));
  return request;
}

std::string why(std::string host) {
  return why_not_served(asked(std::move(host)), {"robot.local"});
}

std::string why_from(std::string host, std::string origin) {
  HttpRequest request = asked(std::move(host));
  request.headers.emplace_back("Origin", std::move(origin));
  return why_not_served(request, {"robot.local"});
}

TEST(HostCheck, ServesWhoAsksForAnAddressOrAKnownName) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:8876", "[::1]:8876", "[::1]", "localhost",
                           "LOCALHOST:1", "robot.local:80", "192.168.1.7:80"}) {
    EXPECT_THAT(why(host), IsEmpty()) << host;
  }
}

TEST(HostCheck, RefusesANameThatMayHaveBeenMadeToMeanUs) {
  for (const char* host : {"evil.example", "evil.example:8876", "127.0.0.1.evil.example",
                           "localhost.evil.example", "", ":80", "[", "[]", "1.2.3.4.", "::1"}) {
    EXPECT_THAT(why(host), HasSubstr("numeric address")) << host;
  }
}

TEST(HostCheck, RefusesPagesOfOtherOrigins) {
  EXPECT_THAT(why_from("127.0.0.1:8876", "http://127.0.0.1:8876"), IsEmpty());
  EXPECT_THAT(why_from("localhost:8876", "http://LocalHost:8876"), IsEmpty());
  for (const char* origin : {"http://evil.example", "https://127.0.0.1:8876", "null", "",
                             "http://127.0.0.1:8877", "http://127.0.0.1"}) {
    EXPECT_THAT(why_from("127.0.0.1:8876", origin), HasSubstr("another origin")) << origin;
  }
}

}  // namespace
}  // namespace bunshin::testing
