#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bunshin {

/// What has to be done to a configuration to make it another one: "12: baud = 9600 is new", "12:
/// baud = 57600 is gone", with the number that the line has, or had. Blank lines and comments do
/// not count. Any thread.
std::vector<std::string> changed_lines(std::string_view before, std::string_view after);

}  // namespace bunshin
