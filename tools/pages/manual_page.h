#pragma once

#include <string>

#include "tools/pages/described_command.h"

namespace bunshin {

/// "bunshin-sim-julius": the page's name, without its section.
std::string page_name(const DescribedCommand& command);

/// The page of `command`, in section 1, for man(1): macros of man(7). `more` is shown as it is,
/// under the heading `more_heading`, unless it is empty.
std::string manual_page(const DescribedCommand& command, const std::string& version,
                        const std::string& more_heading = {}, const std::string& more = {});

}  // namespace bunshin
