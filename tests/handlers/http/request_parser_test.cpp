#include "handlers/http/request_parser.h"

#include <gmock/gmock.h>

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;
using State = RequestParser::State;

class RequestParserTest : public ::testing::Test {
 protected:
  /// Reads all of it, and returns the state then.
  State read(std::string_view text) {
    while (!text.empty() && parser.state() != State::complete && parser.state() != State::failed) {
      text.remove_prefix(parser.read(text));
    }
    rest = text;
    return parser.state();
  }
  /// The status that refuses it.
  int refused(std::string_view text) {
    parser.next();
    return read(text) == State::failed ? parser.error().status : 0;
  }
  RequestParser parser{{200, 100}};
  std::string rest;
};

TEST_F(RequestParserTest, ReadsARequest) {
  EXPECT_EQ(parser.state(), State::idle);
  EXPECT_EQ(read("\r\nPOST /slow?ms=250 HTTP/1.1\r\nHost: a:1\r\nX-Empty:\r\nX-Two:  b c \r\n"
                 "Content-Length: 3\r\n\r\nabcGET"),
            State::complete);
  const HttpRequest& request = parser.request();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/slow");
  EXPECT_EQ(request.query, "ms=250");
  EXPECT_EQ(request.header("x-two"), "b c");
  EXPECT_EQ(request.count("X-Empty"), 1U);
  EXPECT_EQ(request.body, "abc");
  EXPECT_TRUE(parser.keeps_alive());
  EXPECT_EQ(rest, "GET");
}

TEST_F(RequestParserTest, ItDoesNotMatterHowTheBytesCome) {
  for (const char byte : std::string("GET / HTTP/1.1\r\nHost: abc\r\nOrigin: d\r\n\r")) {
    EXPECT_EQ(read(std::string_view(&byte, 1)), State::reading);
  }
  EXPECT_EQ(read("\n"), State::complete);
  EXPECT_EQ(parser.request().header("host"), "abc");
  EXPECT_EQ(parser.request().headers.size(), 2U);
}

TEST_F(RequestParserTest, ReadsChunksAndGoesOnBehindThem) {
  read(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET "
      "/b");
  EXPECT_EQ(parser.request().body, "abc");
  EXPECT_EQ(rest, "GET /b");
  parser.next();
  EXPECT_EQ(read(rest + " HTTP/1.0\r\n\r\n"), State::complete);
  EXPECT_EQ(parser.request().path, "/b");
  EXPECT_FALSE(parser.keeps_alive());
}

TEST_F(RequestParserTest, IgnoresAnUpgradeThatIsOffered) {
  EXPECT_EQ(read("GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
            State::complete);
  parser.next();
  EXPECT_EQ(read("GET /b HTTP/1.1\r\nHost: a\r\n\r\n"), State::complete);
  EXPECT_EQ(parser.request().path, "/b");
}

TEST_F(RequestParserTest, TheHostOfAWholeAddressIsTheOneThatCounts) {
  ASSERT_EQ(read("GET http://evil.example:80/x?y HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            State::complete);
  EXPECT_EQ(parser.request().header("Host"), "evil.example:80");
  EXPECT_EQ(parser.request().count("Host"), 1U);
  EXPECT_EQ(parser.request().path, "/x");
}

TEST_F(RequestParserTest, SaysWhenTheBodyIsWaitedFor) {
  read("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(parser.take_expectation());
  EXPECT_FALSE(parser.take_expectation());
  EXPECT_EQ(read("abc"), State::complete);
}

TEST_F(RequestParserTest, RefusesWhatIsTooLarge) {
  const std::string much(201, 'x');
  EXPECT_EQ(refused("GET /" + much + " HTTP/1.1\r\n"), 431);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: " + much), 431);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n" + much), 431);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost:" + std::string(100'000, ' ')), 431);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n"), 413);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n"),
            400);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
                    std::string(101, 'b')),
            413);
}

TEST_F(RequestParserTest, RefusesWhatIsNoRequest) {
  for (const char* text :
       {"hello\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nHost a\r\n\r\n", "get / HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02", "PRI * HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    EXPECT_EQ(refused(text), 400) << text;
  }
  EXPECT_EQ(refused("GET / HTTP/3.0\r\n\r\n"), 505);
}

}  // namespace
}  // namespace bunshin::testing
