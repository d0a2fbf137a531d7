#include "bridge/did_you_mean.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace bunshin::testing {
namespace {

constexpr std::array<std::string_view, 4> kWords = {"echo", "chat", "connect", "sim"};

TEST(DidYouMean, ASlipOfThePen) {
  EXPECT_EQ(did_you_mean("ecco", kWords), "echo");
  EXPECT_EQ(did_you_mean("ehco", kWords), "echo");
  EXPECT_EQ(did_you_mean("conect", kWords), "connect");
  EXPECT_EQ(did_you_mean("sims", kWords), "sim");
}

TEST(DidYouMean, NothingNear) {
  EXPECT_EQ(did_you_mean("serve", kWords), std::nullopt);
  EXPECT_EQ(did_you_mean("", kWords), std::nullopt);
  EXPECT_EQ(did_you_mean("x", kWords), std::nullopt);
  EXPECT_EQ(did_you_mean("is", kWords), std::nullopt) << "half of it is wrong";
  EXPECT_EQ(did_you_mean(std::string(1'000'000, 'e'), kWords), std::nullopt);
  EXPECT_EQ(did_you_mean("echo", {}), std::nullopt);
}

}  // namespace
}  // namespace bunshin::testing
