#pragma once

#include <string>

namespace bunshin {

/// Throws std::system_error whose what() reads "SENTENCE: REASON". `error` is an errno value.
/// For set-up only: the data path returns results.
[[noreturn]] void throw_error(int error, const std::string& sentence);

/// The same with what() "SENTENCE", for one that gives the reason in better words than the system.
[[noreturn]] void throw_sentence(int error, const std::string& sentence);

/// The system's words for an errno value. Any thread.
std::string error_text(int error);

}  // namespace bunshin
