#pragma once

#include <cstddef>
#include <string>

namespace bunshin {

struct SmallFile {
  std::string text;
  std::string error;  // "x.toml: No such file or directory"; empty: read
};

/// Reads a whole regular file, before the loop runs. A directory, a device and a pipe are errors,
/// for they would block or never end; so is a file of more than `limit` bytes.
SmallFile read_small_file(const std::string& path, std::size_t limit);

}  // namespace bunshin
