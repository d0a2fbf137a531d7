#pragma once

#include <memory>
#include <string>

namespace bunshin {

/// Text that goes to many: kept once, as long as one of them has it to send. Any thread may read
/// and drop it.
using SharedText = std::shared_ptr<const std::string>;

}  // namespace bunshin
