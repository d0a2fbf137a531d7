#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bunshin {

/// What makes it doubtful that an engine of this encoding (see TextDecoder) ever says these words,
/// each as a sentence: characters that no eye tells from others, and such as the encoding has not.
/// Empty: nothing does. Any thread.
std::vector<std::string> doubts_about(std::string_view words, const std::string& encoding);

}  // namespace bunshin
