#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bunshin {

/// At most `limit` bytes of text that came from outside, fit for a terminal, a line of a log or an
/// error: a control character becomes "^[" and the like, but for those in `kept`; what a terminal
/// may obey without one (U+0080 to U+009F) and bytes that are not UTF-8 become '?'; a cut is shown
/// by "...". Any thread.
std::string printable(std::string_view text, std::size_t limit = 160, std::string_view kept = {});

/// How much of `text` is whole: all but the first bytes of a UTF-8 character that it ends within.
std::size_t whole_characters(std::string_view text);

}  // namespace bunshin
