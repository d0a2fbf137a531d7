#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bunshin::testing {

/// What is wrong with `text` as metrics in Prometheus' text exposition format 0.0.4
/// (prometheus.io/docs/instrumenting/exposition_formats); a line each.
std::vector<std::string> exposition_mistakes(std::string_view text);

}  // namespace bunshin::testing
