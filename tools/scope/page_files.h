#pragma once

#include <span>
#include <string_view>

namespace bunshin {

/// A file of tools/scope/page/, which is part of the program.
struct PageFile {
  std::string_view path;  ///< "/page.js"
  std::string_view type;
  std::string_view text;
};
std::span<const PageFile> page_files();

}  // namespace bunshin
