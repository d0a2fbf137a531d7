#include "bridge/prometheus_text.h"

#include <gmock/gmock.h>

#include <array>
#include <chrono>

#include "tests/bridge/prometheus_check.h"

namespace bunshin::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::array kBounds = {0.001, 0.01, 1.0};

TEST(PrometheusText, WritesCountersGaugesAndLabels) {
  PrometheusText text;
  text.counter("bunshin_a_total", "How many.");
  text.sample(3, {{"rule", "赤 に 光れ"}, {"outcome", "say \"\\\"\nend"}});
  text.sample(123456789, {{"rule", ""}, {"outcome", "x"}});
  text.gauge("bunshin_b", "How much.", 0.5);
  const std::string written = text.take();
  EXPECT_EQ(written,
            "# HELP bunshin_a_total How many.\n# TYPE bunshin_a_total counter\n"
            "bunshin_a_total{rule=\"赤 に 光れ\",outcome=\"say \\\"\\\\\\\"\\nend\"} 3\n"
            "bunshin_a_total{rule=\"\",outcome=\"x\"} 123456789\n"
            "# HELP bunshin_b How much.\n# TYPE bunshin_b gauge\nbunshin_b 0.5\n");
  EXPECT_THAT(exposition_mistakes(written), IsEmpty());
  EXPECT_EQ(text.take(), "");
}

TEST(PrometheusText, AHistogramIsCumulative) {
  DurationHistogram histogram(kBounds);
  for (const Duration duration : {Duration(1ms), Duration(2ms), Duration(5ms), Duration(2s)}) {
    histogram.add(duration);
  }
  PrometheusText text;
  text.histogram("bunshin_seconds", "How long.", histogram);
  const std::string written = text.take();
  EXPECT_THAT(written, HasSubstr("bunshin_seconds_bucket{le=\"0.001\"} 1\n"
                                 "bunshin_seconds_bucket{le=\"0.01\"} 3\n"
                                 "bunshin_seconds_bucket{le=\"1\"} 3\n"
                                 "bunshin_seconds_bucket{le=\"+Inf\"} 4\n"));
  EXPECT_THAT(written, HasSubstr("bunshin_seconds_count 4\n"));
  EXPECT_THAT(exposition_mistakes(written), IsEmpty());
}

// The check itself sees what it is for.
TEST(PrometheusText, TheCheckFindsMistakes) {
  const std::string begin = "# HELP a_total x\n# TYPE a_total counter\n";
  for (const char* wrong : {"a_total{x=\"\"\"} 1\n", "a_total -1\n", "a_total 1", "b_total 1\n",
                            "a_total 1\na_total 1\n", "a_total{x=y} 1\n", "a total 1\n",
                            "a_total one\n", "# HELP a_total y\n", "\n"}) {
    EXPECT_THAT(exposition_mistakes(begin + wrong), Not(IsEmpty())) << wrong;
  }
  const std::string buckets = "# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\n";
  EXPECT_THAT(exposition_mistakes(buckets + "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"),
              SizeIs(1));
  EXPECT_THAT(exposition_mistakes(buckets + "h_sum 1\nh_count 2\n"), SizeIs(1));
}

}  // namespace
}  // namespace bunshin::testing
