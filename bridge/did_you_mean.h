#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace bunshin {

/// The one of `known` that `word` is a slip of the pen of: two letters wrong, lost or too many, at
/// most. Any thread.
std::optional<std::string_view> did_you_mean(std::string_view word,
                                             std::span<const std::string_view> known);

}  // namespace bunshin
