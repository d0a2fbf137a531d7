#pragma once

#include <cstddef>

namespace bunshin::testing {

/// How often this thread has called operator new so far.
std::size_t allocations();

}  // namespace bunshin::testing
