#include "handlers/http/http_request.h"

#include <gtest/gtest.h>

namespace bunshin::testing {
namespace {

HttpRequest with_query(std::string query) {
  HttpRequest request;
  request.query = std::move(query);
  return request;
}

TEST(HttpRequest, DecodesParameters) {
  const HttpRequest request = with_query("ms=250&name=a+b%2Fc&empty=&flag&ms=1");
  EXPECT_EQ(request.parameter("ms"), "250");
  EXPECT_EQ(request.parameter("name"), "a b/c");
  EXPECT_EQ(request.parameter("empty"), "");
  EXPECT_EQ(request.parameter("flag"), "");
  EXPECT_EQ(request.parameter("other"), std::nullopt);
}

TEST(HttpRequest, TakesNoBrokenParameter) {
  for (const char* query : {"a=%", "a=%2", "a=%zz", "a=%-1", "%=b", "", "&&", "="}) {
    EXPECT_EQ(with_query(query).parameter("a"), std::nullopt) << query;
  }
}

TEST(HttpRequest, FindsHeadersInWhateverCase) {
  HttpRequest request;
  request.headers = {{"Host", "one"}, {"HOST", "two"}};
  EXPECT_EQ(request.header("host"), "one");
  EXPECT_EQ(request.count("hOST"), 2U);
  EXPECT_EQ(request.header("Origin"), "");
}

}  // namespace
}  // namespace bunshin::testing
