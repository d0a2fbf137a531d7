#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bunshin {

struct SmallFile {
  std::string text;
  std::string error;  // "x.toml: No such file or directory"; empty: read
};

/// Reads a whole regular file, before the loop runs. A directory, a device and a FIFO are errors,
/// for they would block or never end; so is a file of more than `limit` bytes. What the shell has
/// opened (see given_by_the_shell) is read to its end, whatever it is.
SmallFile read_small_file(const std::string& path, std::size_t limit);

/// Whether the path stands for a descriptor of this process: /dev/stdin, or the /dev/fd/63 of
/// <(...). It can be read once.
bool given_by_the_shell(std::string_view path);

}  // namespace bunshin
