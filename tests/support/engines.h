#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "reactor/socket_address.h"

namespace bunshin::testing {

/// The engines the suite runs on: all that were built and work on this machine, found out once.
/// (EngineTest.EveryEngineThatWasBuiltIsTested fails for the others.)
const std::vector<std::string>& engines();

enum class Family { ipv4, ipv6, unix_domain };

/// One engine and one address family: what most cases are run for.
struct Setting {
  std::string engine;
  Family family;
  [[nodiscard]] bool internet() const { return family != Family::unix_domain; }
};
std::vector<Setting> settings();
/// Only IPv4 and IPv6, for what unix sockets do not have.
std::vector<Setting> internet_settings();

/// "io_uring_IPv6": names of parametrised cases.
std::string name_of(const ::testing::TestParamInfo<Setting>& info);
std::string name_of_engine(const ::testing::TestParamInfo<std::string>& info);
void PrintTo(const Setting& setting, std::ostream* out);

/// An address of `family` to listen on that nobody else uses: port 0, or a fresh path.
SocketAddress any_address(Family family);

}  // namespace bunshin::testing

// Runs the cases of `suite` once per engine and address family, or once per engine.
#define BUNSHIN_EVERY_SETTING(suite)                                                       \
  INSTANTIATE_TEST_SUITE_P(On, suite, ::testing::ValuesIn(::bunshin::testing::settings()), \
                           ::bunshin::testing::name_of)
#define BUNSHIN_INTERNET_SETTINGS(suite)                                                 \
  INSTANTIATE_TEST_SUITE_P(On, suite,                                                    \
                           ::testing::ValuesIn(::bunshin::testing::internet_settings()), \
                           ::bunshin::testing::name_of)
#define BUNSHIN_EVERY_ENGINE(suite)                                                       \
  INSTANTIATE_TEST_SUITE_P(On, suite, ::testing::ValuesIn(::bunshin::testing::engines()), \
                           ::bunshin::testing::name_of_engine)
