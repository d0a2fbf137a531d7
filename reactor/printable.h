#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bunshin {

/// At most `limit` bytes of text that came from outside, fit for one line of a log or an error:
/// control characters and bytes that are not UTF-8 become '?', a cut is shown by "...".
std::string printable(std::string_view text, std::size_t limit = 160);

}  // namespace bunshin
