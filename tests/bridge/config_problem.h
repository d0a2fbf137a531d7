#pragma once

#include <gmock/gmock.h>

#include <string>
#include <string_view>

#include "bridge/config.h"

namespace bunshin::testing {

/// What is said of a configuration, behind the file's name: "3: serial.baud: ...". It is one line.
inline std::string problem(std::string_view text) {
  try {
    parse_config(text, "x.toml");
    return "fine";
  } catch (const ConfigError& error) {
    const std::string what = error.what();
    EXPECT_EQ(what.find('\n'), std::string::npos) << what;
    EXPECT_THAT(what, ::testing::StartsWith("x.toml:"));
    return what.substr(7);
  }
}

}  // namespace bunshin::testing
