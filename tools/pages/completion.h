#pragma once

#include <string>

#include "tools/pages/described_command.h"

namespace bunshin {

// What a shell runs to complete the program's commands, options and their values. Each is a whole
// file of its own: sourced, or put where the shell looks for such files.

std::string bash_completion(const DescribedCommand& program);
std::string zsh_completion(const DescribedCommand& program);
std::string fish_completion(const DescribedCommand& program);

}  // namespace bunshin
