#pragma once

#include <string_view>

namespace bunshin {

// A simulation is worth what it finds. So that this can be tried, a build of its own
// (BUNSHIN_BREAKS) has each protection of the loop under a name, and takes the one out that the
// environment variable BUNSHIN_BREAK names: see tests/simulation/breaks.py. In all other builds
// this is false when it is compiled, and nothing is left of it.

#ifdef BUNSHIN_BREAKS
bool broken(std::string_view protection) noexcept;
#else
consteval bool broken(std::string_view /*protection*/) noexcept { return false; }
#endif

}  // namespace bunshin
